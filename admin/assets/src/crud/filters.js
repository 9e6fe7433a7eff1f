// The filters of a list: one row each, named "_flt_<which comparison>_<column>" as the server wants it.
export function filters(dress) {
  for (const form of document.querySelectorAll("[data-filters]")) {
    const { labels, inputs, comparisons, active, remove } = JSON.parse(form.querySelector("script[data-fields]").textContent);
    const place = form.querySelector("[data-rows]");
    const go = form.querySelector("[data-go]");
    const name = (row, column) => {
      row.querySelector("[data-value]").name = `_flt_${row.querySelector("[data-how]").selectedIndex}_${column}`;
    };

    function add(column, comparison, value) {
      const row = document.createElement("div");
      row.className = "filter";
      const label = Object.assign(document.createElement("span"), { className: "name", textContent: labels[column] });
      const how = Object.assign(document.createElement("select"), { className: "form-select" });
      how.dataset.how = "";
      how.ariaLabel = labels[column];
      how.append(...comparisons[column].map((text) => new Option(text, text, false, text === comparison)));
      const holder = document.createElement("div");
      holder.innerHTML = inputs[column];
      row.append(label, how, holder, button(remove, row, go));
      place.append(row);
      const input = holder.querySelector("input, select, textarea");
      input.dataset.value = "";
      input.removeAttribute("id");
      input.required = false;
      input.ariaLabel = labels[column];
      if (value !== undefined) input.type === "checkbox" ? (input.checked = Boolean(value)) : (input.value = value);
      name(row, column);
      how.addEventListener("change", () => name(row, column));
      dress(holder);
      go.hidden = false;
      return row;
    }

    for (const [column, comparison, value] of active) for (const one of [value].flat()) add(column, comparison, one);
    form.addEventListener("click", (event) => {
      const column = event.target.closest("[data-add]")?.dataset.add;
      if (column) add(column).querySelector("[data-value]").focus();
    });
  }
}

function button(text, row, go) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-quiet btn-icon", textContent: "×" });
  made.ariaLabel = text;
  made.addEventListener("click", () => {
    row.remove();
    go.hidden = false;
    go.focus();
  });
  return made;
}
