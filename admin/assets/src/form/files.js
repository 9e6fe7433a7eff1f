// Files in forms. A stored file is {"$file": id, name, type, size}: form-js knows only files just chosen, so the stored ones are
// kept beside it, listed under their field, and given back unless new ones are chosen in their place.
const stored = (value) => (Array.isArray(value) ? value : [value]).filter((one) => one?.$file);

function take(value, kept, path = []) {
  for (const [key, inner] of Object.entries(value)) {
    const here = [...path, key];
    if (stored(inner).length) {
      kept.set(here.join("."), inner);
      delete value[key];
    } else if (inner && typeof inner === "object") take(inner, kept, here);
  }
}

const at = (data, path) => path.reduce((inner, key) => inner?.[key], data);

function put(data, [key, ...rest], value) {
  if (rest.length) put((data[key] ??= {}), rest, value);
  else if (value === undefined) delete data[key];
  else data[key] = value;
}

export function keepFiles(island, given) {
  const data = structuredClone(given);
  const kept = new Map();
  take(data, kept);

  // Every file field as it stands: where its value goes, what was kept there, what was chosen.
  const fields = (form) => form.get("formFieldInstanceRegistry").getAllKeyed()
    .filter(({ id }) => form.get("formFieldRegistry").get(id)?.type === "filepicker")
    .map(({ id, valuePath }) => {
      const key = at(form._getState().data, valuePath);
      return { id, valuePath, path: valuePath.join("."), kept: kept.get(valuePath.join(".")), chosen: key ? form.get("fileRegistry").getFiles(key) : [] };
    });

  return {
    data,
    kept: (path) => kept.has(path.join(".")),
    answers(form, answers) {
      for (const field of fields(form)) put(answers, field.valuePath, field.chosen.length ? undefined : field.kept);
      return answers;
    },
    append(form, formData) {
      for (const field of fields(form)) for (const file of field.chosen) formData.append(`file:${field.path}`, file, file.name);
    },
    show(form) {
      for (const field of fields(form).filter((one) => one.kept))
        island.querySelector(`input[type=file][id*="${CSS.escape(field.id)}"]`)?.closest(".fjs-form-field").append(list(stored(field.kept), island.dataset.files));
    },
  };
}

function list(files, address) {
  const shown = document.createElement("ul");
  shown.className = "cw-files";
  for (const file of files) {
    const link = document.createElement(address ? "a" : "span");
    if (address) link.href = address.replace("{}", encodeURIComponent(file.$file));
    link.textContent = file.name;
    shown.appendChild(document.createElement("li")).append(link);
  }
  return shown;
}
