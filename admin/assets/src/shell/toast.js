// Short notes at the corner. From the server: flashed messages, or the header  HX-Trigger: {"toast": {"text", "tone"}}.
const SECONDS = 6;
const region = document.getElementById("toasts");

function dismissLater(toast) {
  if (toast.dataset.tone === "danger" || toast.dataset.tone === "warning") return;
  let timer = setTimeout(() => toast.remove(), SECONDS * 1000);
  toast.addEventListener("mouseenter", () => clearTimeout(timer));
  toast.addEventListener("mouseleave", () => (timer = setTimeout(() => toast.remove(), SECONDS * 1000)));
}

export function toast(text, tone = "success") {
  const copy = region.querySelector(`template[data-tone="${tone}"]`) ?? region.querySelector("template");
  const shown = copy.content.firstElementChild.cloneNode(true);
  shown.querySelector("[data-text]").textContent = text;
  region.append(shown);
  dismissLater(shown);
}

if (region) {
  region.querySelectorAll(".cw-toast").forEach(dismissLater);
  region.addEventListener("click", (event) => {
    if (event.target.closest("[data-dismiss]")) event.target.closest(".cw-toast").remove();
  });
  document.addEventListener("toast", ({ detail }) => toast(detail.text ?? detail.value ?? "", detail.tone));
  window.callwright = { ...window.callwright, toast };
}
