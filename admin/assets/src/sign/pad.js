// One pad: <div data-pad> with a canvas, a button that clears it, and the hidden field that carries the picture as a data URL.
// The canvas measures always the same, whatever it is shown at: what is drawn on a telephone looks like what is drawn by mouse.
const LINE_PX = 4;

export function mount(pad) {
  const canvas = pad.querySelector("canvas");
  const field = pad.querySelector("input[type=hidden]");
  const pen = canvas.getContext("2d");
  pen.strokeStyle = pen.fillStyle = getComputedStyle(canvas).color;
  pen.lineWidth = LINE_PX;
  pen.lineCap = pen.lineJoin = "round";
  let last = null;

  const at = (event) => {
    const shown = canvas.getBoundingClientRect();
    return { x: ((event.clientX - shown.left) * canvas.width) / shown.width, y: ((event.clientY - shown.top) * canvas.height) / shown.height };
  };
  const dot = ({ x, y }) => {
    pen.beginPath();
    pen.arc(x, y, LINE_PX / 2, 0, 2 * Math.PI);
    pen.fill();
  };
  const line = (from, to) => {
    pen.beginPath();
    pen.moveTo(from.x, from.y);
    pen.lineTo(to.x, to.y);
    pen.stroke();
  };
  const use = (own) => {
    for (const one of pad.querySelectorAll("input[type=radio]")) one.checked = (one.value === "") === own;
    pad.toggleAttribute("data-drawn", field.value !== "");
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    last = at(event);
    dot(last);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) {
      const next = at(one);
      line(last, next);
      last = next;
    }
  });
  for (const over of ["pointerup", "pointercancel"])
    canvas.addEventListener(over, () => {
      if (!last) return;
      last = null;
      field.value = canvas.toDataURL("image/png");
      use(true);
    });
  pad.querySelector("[data-clear]").addEventListener("click", () => {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    field.value = "";
    use(true);
  });

  // What was drawn stays where the server found fault with something else.
  if (field.value) {
    const picture = new Image();
    picture.onload = () => pen.drawImage(picture, 0, 0);
    picture.src = field.value;
    use(true);
  }
  pad.dataset.ready = "";
}
