// form-js speaks English only. The page hands in the same texts in the person's language, by the English text; a text with "{}"
// in it has something in its place. Elements are translated as preact makes them, messages as the validator finds them.
import { Fragment, options } from "preact";
import flatpickr from "flatpickr";
import { Mandarin } from "flatpickr/dist/l10n/zh.js";
import { MandarinTraditional } from "flatpickr/dist/l10n/zh-tw.js";

const ATTRIBUTES = ["placeholder", "title", "aria-label"];
const OWN_WORDS = new Set(["label", "option", "h1", "h2", "h3", "p", "td", "th"]); // may hold the form author's words

const lang = document.documentElement.lang;
if (lang.startsWith("zh")) {
  flatpickr.localize({ ...(/hant|tw|hk/i.test(lang) ? MandarinTraditional : Mandarin), yearAriaLabel: "年", monthAriaLabel: "月" });
  flatpickr.setDefaults({ ariaDateFormat: "Y年n月j日" });
}

// form-js asks for the browser's way to write a date; it is to be the page's.
const DateTimeFormat = Intl.DateTimeFormat;
Intl.DateTimeFormat = new Proxy(DateTimeFormat, {
  construct: (target, [locales, ...rest]) => new target(locales && locales !== "default" ? locales : lang, ...rest),
});

export function translator(texts) {
  const patterns = Object.entries(texts).filter(([english]) => english.includes("{}")).map(([english, said]) => [
    new RegExp(`^${english.split("{}").map((part) => part.replace(/[.*+?^$()|[\]\\{}]/g, "\\$&")).join("(.+)")}$`), said]);
  return (text) => {
    if (typeof text !== "string") return text;
    const trimmed = text.trim();
    if (!trimmed) return text;
    if (Object.hasOwn(texts, trimmed)) return text.replace(trimmed, () => texts[trimmed]);
    for (const [pattern, said] of patterns) {
      const found = pattern.exec(trimmed);
      if (found) { let at = 1; return said.replaceAll("{}", () => found[at++]); }
    }
    return text;
  };
}

let say = (text) => text;
const before = options.vnode;

options.vnode = (vnode) => {
  const { type, props } = vnode;
  if ((typeof type === "string" || type === Fragment) && props) {
    for (const name of ATTRIBUTES) if (props[name]) props[name] = say(props[name]);
    if (!OWN_WORDS.has(type) && !props.class?.includes?.("fjs-dropdownlist-item"))
      props.children = Array.isArray(props.children) ? props.children.map(say) : say(props.children);
  }
  before?.(vnode);
};

// The texts of a page serve all its islands.
export function speak(texts) {
  say = translator(texts);
  return say;
}
