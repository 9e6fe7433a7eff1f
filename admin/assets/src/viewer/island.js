// <div data-diagram data-process="its id"> with JSON elements: the drawing's XML (or its address in data-url) and the state of its elements,
// {"<element id>": {"state": "done" | "active" | "cancelled" | "incident", "count": 3, "who": ["names of who has it"]}}; sequence
// flows may be named too.
import Viewer from "bpmn-js/lib/NavigatedViewer";
import { picture } from "./picture.js";
import { touch } from "./touch.js";

const [MARGIN, LOW, LEGIBLE] = [32, 240, 0.7]; // pixels around the drawing, least height, scale below which one cannot read
const STATES = ["done", "active", "cancelled", "incident"];
const read = (island, name) => JSON.parse(island.querySelector(`script[data-${name}]`)?.textContent || "null");

export async function mount(island) {
  const place = island.querySelector("[data-place]");
  const viewer = new Viewer({
    container: place,
    bpmnRenderer: { defaultFillColor: "var(--cw-drawing-fill)", defaultStrokeColor: "var(--cw-drawing-line)", defaultLabelColor: "var(--cw-drawing-text)" },
  });
  try {
    await picture(viewer, read(island, "xml") ?? (await (await fetch(island.dataset.url)).text()), island.dataset.process);
  } catch (error) {
    console.error(error);
    island.querySelector("[data-failed]").hidden = false;
    return;
  } finally {
    island.querySelector("[data-waiting]")?.remove();
  }
  const canvas = viewer.get("canvas");
  colour(viewer, read(island, "states") ?? {});
  const fit = () => show(canvas, island);
  const open = () => {
    const here = canvas.getRootElement() && viewer.get("elementRegistry").find((one) => canvas.hasMarker(one, "cw-active"));
    if (fit() < LEGIBLE && here) show(canvas, island, here);
  };
  new ResizeObserver(() => place.clientWidth && open()).observe(place); // at first, and when a closed tab opens
  buttons(island, viewer, fit);
  touch(place, canvas);
  viewer.get("eventBus").on("element.click", ({ element }) =>
    island.dispatchEvent(new CustomEvent("callwright:element", { bubbles: true, detail: { id: element.id, name: element.businessObject?.name } })));
  island.viewer = viewer;
  island.dataset.ready = "";
}

// All of the drawing, or as much around one element as can be read. Answers the scale.
function show(canvas, island, element) {
  canvas.resized();
  const { inner } = canvas.viewbox();
  const width = island.clientWidth;
  const tall = (inner.height + 2 * MARGIN) * Math.min(1, width / (inner.width + 2 * MARGIN));
  island.style.height = `${Math.min(Math.max(tall, LOW), innerHeight * 0.65)}px`;
  canvas.resized();
  const { outer } = canvas.viewbox();
  const scale = element ? LEGIBLE : Math.min(1, outer.width / (inner.width + 2 * MARGIN), outer.height / (inner.height + 2 * MARGIN));
  const middle = element ?? inner;
  const [w, h] = [outer.width / scale, outer.height / scale];
  canvas.viewbox({ x: middle.x + middle.width / 2 - w / 2, y: middle.y + middle.height / 2 - h / 2, width: w, height: h });
  return scale;
}

function colour(viewer, states) {
  const [canvas, overlays, elements] = ["canvas", "overlays", "elementRegistry"].map((name) => viewer.get(name));
  for (const [id, { state, count, who }] of Object.entries(states)) {
    const element = elements.get(id);
    if (!element) continue;
    if (STATES.includes(state)) canvas.addMarker(id, `cw-${state}`);
    if (who?.length && !element.waypoints) {
      const names = Object.assign(document.createElement("span"), { className: "cw-who", textContent: who.join(", "), title: who.join(", ") });
      overlays.add(id, { position: { bottom: -4, left: 0 }, html: names, show: { minZoom: 0.3 } });
    }
    if (!(count > 1) || element.waypoints) continue;
    const badge = Object.assign(document.createElement("span"), { className: "cw-count", textContent: count });
    overlays.add(id, { position: { top: -11, right: 11 }, html: badge, show: { minZoom: 0.4 } });
  }
}

function buttons(island, viewer, fit) {
  const steps = { in: 1, out: -1 };
  island.addEventListener("click", (event) => {
    const asked = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (asked === "fit") fit();
    else if (asked) viewer.get("zoomScroll").stepZoom(steps[asked]);
  });
}
