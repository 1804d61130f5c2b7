// Everything a page does beyond HTML. Each part finds its own elements, works again
// after htmx has replaced a piece of the page, and may fail without taking the page.
import htmx from "htmx.org/dist/htmx.esm.js";

import { watchCharts } from "./charts.js";
import { clearDrafts, watchDrafts } from "./drafts.js";
import { askEarly } from "./early.js";
import { watchMenu } from "./menu.js";
import { guardSending } from "./sending.js";
import { watchErrorSummary } from "./focus.js";

function token() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.verb !== "get") detail.headers["X-CSRFToken"] = token();
});

// A form that came back with mistakes is answered with 422 and must be shown too.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.xhr.status === 422) {
    detail.shouldSwap = true;
    detail.isError = false;
  }
});

async function drawMaps(root) {
  const maps = root.querySelectorAll("[data-map]:not([data-map-state])");
  if (maps.length === 0) return;
  for (const { dataset } of maps) askEarly(dataset.mapSource);
  const { drawMap } = await import("./map/map.js");
  maps.forEach(drawMap);
}

function start(root) {
  watchDrafts(root);
  watchCharts(root);
  drawMaps(root);
}

watchMenu();
guardSending();
watchErrorSummary();
clearDrafts();
start(document);
document.addEventListener("htmx:load", ({ detail }) => {
  if (detail.elt !== document.body) start(detail.elt);
});
