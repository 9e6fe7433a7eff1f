// Its date fields become the browser's own; a time goes back as "2026-03-01 09:05:00", the one form that the server reads.
export function dates(part) {
  for (const [kind, type] of [["date", "date"], ["datetime", "datetime-local"]])
    for (const group of part.querySelectorAll(`.appbuilder_${kind}`)) {
      const input = group.querySelector("input");
      const value = input.value;
      input.value = "";
      input.type = type;
      input.value = type === "date" ? value.slice(0, 10) : value.slice(0, 19).replace(" ", "T");
      if (type !== "date") input.step = 1;
      group.replaceWith(input);
    }
}

addEventListener("formdata", ({ target, formData }) => {
  for (const input of target.elements)
    if (input.type === "datetime-local" && input.name && input.value)
      formData.set(input.name, input.value.replace("T", " ") + (input.value.length === 16 ? ":00" : ""));
});
