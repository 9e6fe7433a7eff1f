// htmx sends the page's CSRF token; its inline indicator style would break a strict content security policy.
import htmx from "htmx.org/dist/htmx.esm.js";

htmx.config.includeIndicatorCSS = false;
window.htmx = htmx;

const token = document.querySelector('meta[name="csrf-token"]')?.content;

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (token && ctx.request.method !== "GET") ctx.request.headers["X-CSRFToken"] = token;
});
