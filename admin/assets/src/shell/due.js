// Due times count on while a page stays open. The seconds left come from the server, so a wrong clock here does no harm.
const loaded = performance.now();
const lang = document.documentElement.lang || "en";
const ahead = new Intl.RelativeTimeFormat(lang, { numeric: "always" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

function tell(left, over) {
  const [unit, size] = UNITS.find(([, seconds]) => Math.abs(left) >= seconds * 0.85) ?? ["minute", 60];
  const number = Math.max(1, Math.round(Math.abs(left) / size));
  if (left > 0) return ahead.format(number, unit);
  return over.replace("{}", new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "long" }).format(number));
}

function tick() {
  const gone = (performance.now() - loaded) / 1000;
  for (const chip of document.querySelectorAll("[data-due-s]")) {
    const since = Number(chip.dataset.dueSeen ??= gone);
    const left = Number(chip.dataset.dueS) - (gone - since);
    chip.dataset.due = left <= 0 ? "overdue" : left <= Number(chip.dataset.dueWarnS) ? "soon" : "ok";
    if (gone - since > 50) chip.querySelector("[data-due-text]").textContent = tell(left, chip.dataset.dueOver);
  }
}

tick();
setInterval(tick, 30_000);
document.addEventListener("htmx:after:swap", tick);
