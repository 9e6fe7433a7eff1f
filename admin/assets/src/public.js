// A handler's page keeps what was typed, for a telephone that loses its network or closes the page. Everything works without it.
const place = (form) => `callwright:${location.pathname}:${form.dataset.draft}`;
const fields = (form) => [...form.querySelectorAll("textarea, input:not([type=hidden]):not([type=file]), select")];

function keep(form) {
  const typed = fields(form).map((field) => [field.name, field.type === "checkbox" ? field.checked : field.value.trim() && field.value]);
  try {
    localStorage.setItem(place(form), JSON.stringify(typed));
  } catch { /* a full or forbidden store: nothing is kept */ }
}

function restore(form) {
  let typed;
  try {
    typed = new Map(JSON.parse(localStorage.getItem(place(form)) ?? "[]"));
  } catch { return; }
  let some = false;
  for (const field of fields(form)) {
    const was = typed.get(field.name);
    if (was === undefined || was === "" || field.value) continue;
    if (field.type === "checkbox") field.checked = was;
    else field.value = was;
    some ||= was !== false;
  }
  if (some) form.closest("details")?.setAttribute("open", "");
}

// What was taken in needs no draft any more.
const done = document.querySelector("[data-done]")?.dataset.done;
for (const form of document.querySelectorAll("form[data-draft]")) {
  const taken = done === form.dataset.draft || (done === "finish" && form.dataset.draft === "reason") || done === "again";
  if (taken) localStorage.removeItem(place(form));
  else restore(form);
  form.addEventListener("input", () => keep(form));
}
