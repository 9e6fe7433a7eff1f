// Every page of the staff's shell: Tabler's looks, the few Bootstrap parts in use, htmx, and our own behaviour.
import "@tabler/core/dist/css/tabler.min.css";
import "./shell/shell.css";

import "@tabler/core/js/src/bootstrap/collapse.ts";
import "@tabler/core/js/src/bootstrap/dropdown.ts";
import "@tabler/core/js/src/bootstrap/offcanvas.ts";

import "./shell/htmx.js";
import "./shell/theme.js";
import "./shell/side.js";
import "./shell/tabs.js";
import "./shell/confirm.js";
import "./shell/toast.js";
import "./shell/live.js";
import "./shell/due.js";
import "./shell/keys.js";
