// Its choices: short ones stay the browser's own, long and multiple ones get a search, remote ones fetch their entries.
import TomSelect from "tom-select/dist/js/tom-select.base.js";
import removeButton from "tom-select/dist/js/plugins/remove_button.js";

TomSelect.define("remove_button", removeButton);
const LONG = 12;

function search(element, options = {}) {
  const multiple = element.multiple;
  element.ariaLabel ??= element.labels?.[0]?.textContent.trim() || null;
  return new TomSelect(element, { maxOptions: 500, plugins: multiple ? ["remove_button"] : [], hideSelected: multiple, allowEmptyOption: true, closeAfterSelect: !multiple, render: { no_results: null }, ...options });
}

async function remote(input) {
  const master = input.getAttribute("master_id") && document.getElementById(input.getAttribute("master_id"));
  const chosen = search(input, { maxItems: 1, valueField: "id", labelField: "text", searchField: "text", create: false });
  const load = async () => {
    const address = input.getAttribute("endpoint").replace("{{ID}}", encodeURIComponent(master?.value ?? ""));
    if (master && !master.value) return;
    const before = chosen.getValue() || input.value;
    chosen.clearOptions();
    chosen.addOptions(await (await fetch(address)).json());
    chosen.setValue(before, true);
  };
  master?.addEventListener("change", load);
  await load();
}

export function selects(part) {
  for (const element of part.querySelectorAll("select.my_select2")) {
    element.classList.replace("form-control", "form-select");
    if (element.multiple || element.options.length > LONG) search(element);
  }
  part.querySelectorAll("input.my_select2_ajax, input.my_select2_ajax_slave").forEach(remote);
}
