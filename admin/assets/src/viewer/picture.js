// Which picture of a process is shown: its own diagram, where a file holds several. A file that was written without
// any gets one here, for the eye alone: what was deployed stays as it is.
import { layoutProcess } from "bpmn-auto-layout";

const BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL";
const SHAPE = /<(\w+:)?BPMNShape[\s>]/;

export async function picture(viewer, xml, process) {
  await viewer.importXML(SHAPE.test(xml) ? xml : await layoutProcess(alone(xml, process)));
  const [first, ...others] = viewer.getDefinitions().diagrams;
  const own = (diagram) => diagram.plane?.bpmnElement?.id === process;
  const found = others.find(own);
  if (found && !own(first)) await viewer.open(found);
}

// The layout takes the first process of a file, no pools, and goes along what elements say of their flows, which many
// files leave to the flows alone.
function alone(xml, process) {
  const drawing = new DOMParser().parseFromString(xml, "application/xml");
  const roots = (name) => [...drawing.getElementsByTagNameNS(BPMN, name)];
  const wanted = roots("process").find((one) => one.id === process) ?? roots("process")[0];
  for (const other of [...roots("process"), ...roots("collaboration")]) if (other !== wanted) other.remove();
  for (const left of [...drawing.getElementsByTagName("*")].filter(({ localName }) => localName === "BPMNDiagram")) left.remove();
  for (const flow of roots("sequenceFlow"))
    for (const [end, says] of [["sourceRef", "outgoing"], ["targetRef", "incoming"]]) {
      const element = flow.id && drawing.querySelector(`[id="${CSS.escape(flow.getAttribute(end))}"]`);
      const said = element && [...element.children].some(({ localName, textContent }) => localName === says && textContent.trim() === flow.id);
      if (element && !said) element.prepend(Object.assign(drawing.createElementNS(BPMN, says), { textContent: flow.id }));
    }
  return new XMLSerializer().serializeToString(drawing);
}
