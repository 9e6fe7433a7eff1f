// An action on ticked rows can only be pressed while some are ticked.
export function rows() {
  const show = () => {
    for (const button of document.querySelectorAll("[data-needs-rows]"))
      button.disabled = !document.querySelector(`[data-check][form="${button.getAttribute("form")}"]:checked`);
  };
  document.addEventListener("change", (event) => event.target.matches("[data-check], [data-check-all]") && setTimeout(show));
  show();
}
