// Pads on which people sign: <div data-pad> of kit/signing.html, on the pages that ask for a signature.
import "./sign/pad.css";
import { mount } from "./sign/pad.js";

document.querySelectorAll("[data-pad]").forEach(mount);
