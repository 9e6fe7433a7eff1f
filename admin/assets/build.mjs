// Bundles src/*.{js,css} into ../static/bundles: one entry file per bundle, its parts in a folder of the same name.
//   node build.mjs            the bundles, the icon sprite, the licences of what they contain
//   node build.mjs --watch    the same, again on every change
//   node build.mjs --notice   also rewrites the repository's NOTICE
//   node build.mjs --lock     takes the addresses out of package-lock.json (after "npm install")
import * as esbuild from "esbuild";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../static/bundles");
const asked = new Set(process.argv.slice(2));

// Code that reaches a bundle by another way than an import.
const ICONS = "@tabler/icons";
// Where the licence file does not say it plainly. Bootstrap comes inside Tabler's package, under a licence of its own.
const COPYRIGHT = {
  "@fontsource-variable/inter": "2016 The Inter Project Authors",
  "@tabler/core": "2018-2026 The Tabler Authors, codecalm.net Paweł Kuna",
};
const INSIDE = { "@tabler/core": [{ name: "bootstrap", version: "5", license: "MIT", copyright: "2011-2026 The Bootstrap Authors" }] };

function entries() {
  return readdirSync(join(here, "src")).filter((name) => /\.(js|css)$/.test(name)).map((name) => join(here, "src", name));
}

function options() {
  return {
    entryPoints: entries(), outdir: out, bundle: true, minify: true, metafile: true, logLevel: "warning",
    target: ["chrome111", "firefox115", "safari16.4"], format: "iife", charset: "utf8", legalComments: "none",
    loader: { ".svg": "dataurl", ".png": "dataurl", ".woff": "file", ".woff2": "file" }, assetNames: "[name]-[hash]",
    // Classic JSX sources of packages and our own islands share the one pinned preact.
    jsx: "automatic", jsxImportSource: "preact", absWorkingDir: here,
  };
}

// One SVG file holds the icons that icons.txt names; a page shows one by <use href="…/icons.svg#name">.
function sprite() {
  const names = readFileSync(join(here, "icons.txt"), "utf8").split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
  const symbols = names.map((name) => {
    const svg = readFileSync(join(here, "node_modules", ICONS, "icons/outline", `${name}.svg`), "utf8").replace(/<!--[^]*?-->/g, "");
    const inner = svg.replace(/^[^]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "").replace(/\s*\n\s*/g, "").replace('<path stroke="none" d="M0 0h24v24H0z" fill="none"/>', "");
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round">${inner}</symbol>`;
  });
  writeFileSync(join(out, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
}

function packageOf(input) {
  const found = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(input);
  return found && found[1];
}

// Everything that ended up inside a bundle, with its licence.
function packages(metafile) {
  const folders = new Set([join("node_modules", ICONS)]);
  for (const output of Object.values(metafile.outputs))
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs))
      if (bytesInOutput > 0 && packageOf(input)) folders.add(packageOf(input));
  const found = [...folders].flatMap((folder) => {
    const about = JSON.parse(readFileSync(join(here, folder, "package.json"), "utf8"));
    const file = readdirSync(join(here, folder)).find((name) => /^licen[cs]e/i.test(name));
    const text = file ? readFileSync(join(here, folder, file), "utf8").trim() : "";
    const author = typeof about.author === "object" ? about.author.name : (about.author ?? "").replace(/\s*[<(].*$/, "");
    const line = /^\s*copyright(?! notice)[^\n]*\d{4}[^\n]*$/im.exec(text)?.[0].trim().replace(/^copyright\s*(\(c\)|©)?\s*/i, "");
    return [{ name: about.name, version: about.version, license: about.license, copyright: (COPYRIGHT[about.name] ?? line ?? author).replace(/\s*[<(]?https?:[^\s>)]*[>)]?/g, ""), text }, ...(INSIDE[about.name] ?? [])];
  });
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function licences(found) {
  const mit = found.find(({ license, text }) => license === "MIT" && /^\s*copyright/im.test(text)).text;
  for (const one of found) if (!one.text && one.license === "MIT") one.text = mit.replace(/^(\s*)copyright[^\n]*/im, `$1Copyright (c) ${one.copyright}`);
  const list = found.map(({ name, version, license, copyright }) => ({ name, version, license, copyright }));
  writeFileSync(join(out, "packages.json"), JSON.stringify(list, null, 1) + "\n");
  writeFileSync(join(out, "licences.txt"), found.map(({ name, version, license, text }) => `${name} ${version} (${license})\n\n${text ?? ""}\n`).join(`\n${"-".repeat(78)}\n\n`));
  return list;
}

function notice(list) {
  const lines = list.map(({ name, version, license, copyright }) => `- ${name} ${version}, ${license}, ${copyright}`);
  writeFileSync(join(here, "../../NOTICE"), `${readFileSync(join(here, "notice.txt"), "utf8").trimEnd()}\n\n${lines.join("\n")}\n`);
}

function lock() {
  const path = join(here, "package-lock.json");
  const text = JSON.parse(readFileSync(path, "utf8"));
  for (const entry of Object.values(text.packages)) {
    delete entry.resolved;
    delete entry.funding;
  }
  writeFileSync(path, JSON.stringify(text, null, 2) + "\n");
}

if (asked.has("--lock")) {
  lock();
} else {
  if (!asked.has("--watch")) rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  sprite();
  copyFileSync(join(here, "mark.svg"), join(out, "mark.svg"));
  if (asked.has("--watch")) {
    await (await esbuild.context(options())).watch();
  } else {
    const list = licences(packages((await esbuild.build(options())).metafile));
    if (asked.has("--notice")) notice(list);
  }
}
