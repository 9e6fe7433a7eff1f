// One finger moves the drawing, two also zoom it; diagram-js itself knows the mouse alone.
export function touch(place, canvas) {
  const fingers = new Map();
  const middle = (points) => ({ x: points.reduce((sum, p) => sum + p.x, 0) / points.length, y: points.reduce((sum, p) => sum + p.y, 0) / points.length });
  const spread = ([a, b]) => Math.hypot(a.x - b.x, a.y - b.y);

  place.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch") fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  place.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    const before = [...fingers.values()];
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const now = [...fingers.values()];
    const [from, to] = [middle(before), middle(now)];
    canvas.scroll({ dx: to.x - from.x, dy: to.y - from.y });
    if (now.length !== 2) return;
    const box = place.getBoundingClientRect();
    canvas.zoom(Math.min(4, Math.max(0.2, canvas.zoom() * (spread(now) / spread(before)))), { x: to.x - box.left, y: to.y - box.top });
  });
  for (const end of ["pointerup", "pointercancel"]) place.addEventListener(end, (event) => fingers.delete(event.pointerId));
}
