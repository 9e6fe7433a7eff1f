// Lists that follow the server: an element with data-live="task ticket" gets the event "refresh" when one of these topics
// changes, and htmx fetches it anew. One event stream a page; a hidden page holds none (browsers allow six connections a host).
const SETTLE_MS = 300;
const source = document.querySelector('meta[name="events"]')?.content;
let stream = null;

const live = () => document.querySelectorAll("[data-live]");
const due = new Map();

function refresh(element) {
  clearTimeout(due.get(element));
  due.set(element, setTimeout(() => {
    due.delete(element);
    if (element.isConnected) element.dispatchEvent(new CustomEvent("refresh", { bubbles: false }));
  }, SETTLE_MS));
}

function concerns(element, { topic, ref }) {
  const refs = element.dataset.liveRef;
  return element.dataset.live.split(" ").includes(topic) && (!refs || refs.split(" ").includes(String(ref)));
}

function open() {
  if (stream || !source || !live().length) return;
  stream = new EventSource(source);
  stream.onmessage = (message) => {
    const event = JSON.parse(message.data);
    live().forEach((element) => concerns(element, event) && refresh(element));
    document.dispatchEvent(new CustomEvent("callwright:event", { detail: event }));
  };
}

function close() {
  stream?.close();
  stream = null;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return close();
  if (!stream) live().forEach(refresh);
  open();
});
addEventListener("pagehide", close);
addEventListener("pageshow", (event) => event.persisted && live().forEach(refresh));
open();
