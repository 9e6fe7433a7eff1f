// The sidebar remembers which groups a person closed.
for (const group of document.querySelectorAll("details[data-remember]")) {
  const key = `side:${group.dataset.remember}`;
  if (!group.hasAttribute("data-here") && localStorage.getItem(key) === "closed") group.open = false;
  group.addEventListener("toggle", () => localStorage.setItem(key, group.open ? "open" : "closed"));
}
document.querySelector(".cw-side [aria-current=page]")?.scrollIntoView({ block: "nearest" });
