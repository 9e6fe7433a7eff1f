// The theme switch: light, dark, or as the machine has it.
const system = matchMedia("(prefers-color-scheme: dark)");
const wanted = () => localStorage.getItem("theme") || "auto";

function show() {
  const dark = wanted() === "dark" || (wanted() === "auto" && system.matches);
  document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
  for (const button of document.querySelectorAll("[data-theme-choice]"))
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === wanted()));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-choice]");
  if (!button) return;
  localStorage.setItem("theme", button.dataset.themeChoice);
  show();
});
system.addEventListener("change", show);
show();
