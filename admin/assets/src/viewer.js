// The diagram island: draws a BPMN model and how far an instance has come in it.
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "./viewer/viewer.css";
import { mount } from "./viewer/island.js";

document.querySelectorAll("[data-diagram]").forEach(mount);
