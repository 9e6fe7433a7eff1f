// The form island: draws a form-js schema with its data, gives the answers to an ordinary form of the page.
import "@bpmn-io/form-js-viewer/dist/assets/form-js.css";
import "flatpickr/dist/flatpickr.min.css";
import "./form/form.css";
import { mount } from "./form/island.js";

document.querySelectorAll("[data-form-island]").forEach(mount);
