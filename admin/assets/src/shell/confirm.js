// <form data-confirm="question">, or its button, asks before it posts. One native dialog serves the whole page.
const dialog = document.getElementById("confirm");

const asking = (event) => [event.submitter, event.target].find((one) => one?.dataset.confirm)?.dataset;

function ask(form, submitter, { confirm, confirmYes, confirmTone = "" }) {
  dialog.querySelector("[data-question]").textContent = confirm;
  const yes = dialog.querySelector("[value=yes]");
  yes.textContent = confirmYes || yes.dataset.text;
  yes.className = `btn ${confirmTone.includes("danger") ? "btn-danger" : "btn-primary"}`;
  dialog.returnValue = "";
  dialog.onclose = () => {
    if (dialog.returnValue !== "yes") return;
    form.dataset.confirmed = "";
    form.requestSubmit(submitter);
  };
  dialog.showModal();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = asking(event);
  if (!dialog || !question) return;
  if ("confirmed" in form.dataset) return void delete form.dataset.confirmed;
  event.preventDefault();
  event.stopImmediatePropagation();
  ask(form, event.submitter, question);
}, true);

// A second press of a button that is already posting does nothing.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post" || event.target.matches("[hx-post], [data-again]")) return;
  const form = event.target;
  if ("posting" in form.dataset) return event.preventDefault();
  form.dataset.posting = ""; // for a while only: an answer may be a download, or the page come back by the back button
  setTimeout(() => delete form.dataset.posting, 8000);
});
