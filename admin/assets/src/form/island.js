// One island: <div data-form-island> with JSON elements (schema, data, errors, texts) and, unless it is for reading only, the
// form of the page that data-for names. Its submission carries the answers as JSON in "data" and each new file as "file:<key>".
import { Form } from "@bpmn-io/form-js-viewer";
import { speak } from "./texts.js";
import { keepFiles } from "./files.js";

const read = (island, name) => JSON.parse(island.querySelector(`script[data-${name}]`)?.textContent || "null") ?? {};
const listed = (errors) => (Array.isArray(errors) ? errors : [errors]);

export async function mount(island) {
  const texts = read(island, "texts");
  const say = speak(texts);
  const files = keepFiles(island, read(island, "data"));
  const readonly = island.hasAttribute("data-readonly");
  const said = new Map(Object.entries(read(island, "errors")));
  const form = new Form({ container: island.querySelector("[data-place]"), additionalModules: [checks({ island, say, files, readonly, said })] });
  form.on("import.done", ({ error }) => error && console.error(error));
  await form.importSchema(read(island, "schema"), files.data);
  if (readonly) form.setProperty("readOnly", true);
  files.show(form);
  showErrors(island, form, said);
  island.querySelector("[data-waiting]")?.remove();
  island.form = form;
  form.on("changed", () => island.dispatchEvent(new CustomEvent("callwright:form", { bubbles: true })));
  const target = document.getElementById(island.dataset.for);
  if (target) join(island, form, target, files, said);
  island.dataset.ready = "";
}

// form-js's own checks, a little kinder: in the person's language, a stored file counts as given, a telephone number is
// written as people write it (the server reads it), what is only read is not found fault with, and what the server said stays until the answer changes.
function checks({ island, say, files, readonly, said }) {
  class Checks {
    constructor(validator, formFieldRegistry, form) {
      const found = validator.validateFieldInstance.bind(validator);
      validator.validateFieldInstance = (instance, value) => {
        if (readonly || files.kept(instance.valuePath)) return [];
        const path = instance.valuePath.join(".");
        if (said.has(path) && unchanged(form, instance.valuePath, value)) return listed(said.get(path));
        const phone = formFieldRegistry.get(instance.id)?.validate?.validationType === "phone";
        return found(instance, phone && value ? whole(value, island.dataset.callingCode) : value).map(say);
      };
    }
  }
  const unchanged = (form, path, value) => JSON.stringify(path.reduce((inner, key) => inner?.[key], form._getState().initialData)) === JSON.stringify(value);
  Checks.$inject = ["validator", "formFieldRegistry", "form"];
  return { __init__: ["checks"], checks: ["type", Checks] };
}

// A telephone number with its country code: one without is of the centre's country.
function whole(number, code) {
  const digits = number.normalize("NFKC").replace(/[\s().\-\u2010-\u2015/]/g, "");
  return code && /^(?!00)\d{3,}$/.test(digits) ? `+${code}${digits}` : digits;
}

// The page's own form: its buttons send, its answers are ours.
function join(island, form, target, files, said) {
  island.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    target.requestSubmit(target.querySelector("button:not([type=button])"));
  }, true);
  target.addEventListener("submit", (event) => {
    said.clear();
    const { data, errors } = form.submit();
    target.elements.data.value = JSON.stringify(files.answers(form, data));
    if (event.submitter?.formNoValidate || !Object.keys(errors).length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    setTimeout(() => first(island));
  }, true);
  target.addEventListener("formdata", ({ formData }) => files.append(form, formData));
}

function first(island) {
  const field = island.querySelector(".fjs-has-errors");
  (field?.querySelector("input:not(.fjs-hidden), select, textarea, button") ?? field)?.focus();
  field?.scrollIntoView({ block: "center" });
}

// What the server found, beside the fields it names ("phone", "address.city", "items.2.name"); the rest above the form.
function showErrors(island, form, found) {
  const paths = form.get("pathRegistry");
  const byPath = new Map();
  for (const instance of form.get("formFieldInstanceRegistry").getAllKeyed()) byPath.set(instance.valuePath.join("."), instance);
  for (const field of form.get("formFieldRegistry").getAll())
    if (field.key && !byPath.has(paths.getValuePath(field)?.join("."))) byPath.set(field.key, { id: field.id, indexes: {} });
  const errors = {};
  const loose = [];
  for (const [path, messages] of found) {
    const instance = byPath.get(path);
    if (!instance) loose.push(...listed(messages));
    else place(errors, [instance.id, ...Object.values(instance.indexes ?? {})], listed(messages));
  }
  if (found.size) form._setState({ errors });
  const note = island.querySelector("[data-loose]");
  if (!loose.length || !note) return;
  note.hidden = false;
  note.querySelector("ul").replaceChildren(...loose.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
}

function place(errors, [key, ...rest], messages) {
  if (!rest.length) errors[key] = messages;
  else place((errors[key] ??= {}), rest, messages);
}
