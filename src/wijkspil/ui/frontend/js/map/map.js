// A map of areas and points from a GeoJSON address, without tiles or other sources.
//
// Reads: data-map-source (GeoJSON, or the shapes of wijkspil.ui.shapes), data-map-label,
// data-map-table (id of the equal table whose rows carry data-map-area), data-map-style
// (its stylesheet), data-map-url (address of an area, with {code}), data-map-states (id of
// a JSON script with properties by code; areas not in it are left out). Changing data-map-source
// draws the new contents. Choosing an area sends the event `wijkspil:area` with
// {code, name} from the element. Where a map cannot be drawn, the table stands.
import * as maplibre from "maplibre-gl";
import workerFile from "as-file:maplibre-gl/dist/maplibre-gl-worker.mjs";

import { takeAnswer } from "../early.js";
import { text } from "../texts.js";
import { makeAreaList } from "./areas.js";
import { boundsOf, labelPoint } from "./geometry.js";
import { drawPattern, KINDS, readLook } from "./look.js";
import { featuresOf } from "./shapes.js";

maplibre.setWorkerUrl(new URL(workerFile, import.meta.url).href);
// The worker starts while the shapes are on their way.
maplibre.prewarm();

const PADDING_PX = 24;
// With more areas than this, names are drawn from this zoom on only.
const MANY = 400;
const NAMES_FROM_ZOOM = 9.5;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

async function loadStyle(href) {
  if (document.querySelector(`link[href="${CSS.escape(href)}"]`)) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  await new Promise((resolve) => {
    link.addEventListener("load", resolve);
    link.addEventListener("error", resolve);
    document.head.append(link);
  });
}

// What the page itself says of each area; the address then gives shapes only.
function addStates(features, { mapStates, mapUrl }) {
  const states = mapStates && JSON.parse(document.getElementById(mapStates).textContent);
  const shown = states
    ? features.filter(({ properties }) => Object.hasOwn(states, properties.code))
    : features;
  for (const { properties } of shown) {
    if (mapUrl) properties.url = mapUrl.replace("{code}", encodeURIComponent(properties.code));
    if (states) Object.assign(properties, states[properties.code]);
  }
  return shown;
}

async function loadAreas(dataset) {
  const source = dataset.mapSource;
  const answer = await takeAnswer(source);
  if (!answer.ok) throw new Error(`${source}: ${answer.status}`);
  const features = featuresOf(await answer.json()).filter(({ geometry }) => geometry);
  const shown = addStates(features, dataset);
  shown.forEach((feature, index) => {
    feature.id = index + 1;
  });
  return shown;
}

// Lines show movement; they are drawn, and the table tells them.
const isPlace = ({ geometry }) => geometry.type !== "LineString";

const hasLines = (features) => !features.every(isPlace);

const hasPoints = (features) =>
  features.some(({ geometry }) => geometry.type === "Point");

const collectionOf = (features) => ({ type: "FeatureCollection", features });

function labelsOf(features) {
  return {
    type: "FeatureCollection",
    features: features.filter(isPlace).map((feature) => {
      const { size, center } = labelPoint(feature);
      const { label, name } = feature.properties;
      return {
        type: "Feature",
        geometry: { type: "Point", coordinates: center },
        properties: {
          words: label ?? name ?? "",
          order: -size,
          below: feature.geometry.type === "Point",
        },
      };
    }),
  };
}

function flowsOf(look, isLine) {
  return {
    id: "flows",
    type: "line",
    source: "areas",
    filter: isLine,
    layout: { "line-cap": "round" },
    paint: {
      "line-width": ["coalesce", ["get", "weight"], 1],
      "line-opacity": 0.8,
      // From light to dark: the way people go.
      "line-gradient": [
        "interpolate", ["linear"], ["line-progress"], 0, look.fills.good, 1, look.accent,
      ],
    },
  };
}

function styleOf(look, features) {
  const kind = ["coalesce", ["get", "category"], "unknown"];
  const fill = ["match", kind, ...Object.entries(look.fills).flat(), look.fills.unknown];
  const known = ["match", kind, KINDS, kind, "unknown"];
  const isPoint = ["==", ["geometry-type"], "Point"];
  const isLine = ["==", ["geometry-type"], "LineString"];
  const isArea = ["!", ["any", isPoint, isLine]];
  const marked = ["any", ["boolean", ["feature-state", "hover"], false],
    ["boolean", ["feature-state", "chosen"], false]];
  return {
    version: 8,
    sources: {
      areas: {
        type: "geojson",
        data: collectionOf(features),
        lineMetrics: hasLines(features),
      },
      // What has the pointer or is chosen: a source of its own, so that all the others
      // need no second outline.
      marked: { type: "geojson", data: collectionOf([]) },
      labels: { type: "geojson", data: labelsOf(features) },
    },
    layers: [
      { id: "land", type: "background", paint: { "background-color": look.land } },
      {
        id: "fill",
        type: "fill",
        source: "areas",
        filter: isArea,
        paint: { "fill-pattern": ["concat", "kind-", known], "fill-antialias": false },
      },
      {
        id: "border",
        type: "line",
        source: "areas",
        filter: isArea,
        paint: { "line-color": look.border, "line-width": 1 },
      },
      {
        id: "mark",
        type: "line",
        source: "marked",
        layout: { "line-join": "round" },
        paint: { "line-color": look.focus, "line-width": 4 },
      },
      ...(hasLines(features) ? [flowsOf(look, isLine)] : []),
      ...(hasPoints(features) ? [{
        id: "points",
        type: "circle",
        source: "areas",
        filter: isPoint,
        paint: {
          "circle-color": fill,
          "circle-radius": ["case", marked, 10, 7],
          "circle-stroke-color": ["case", marked, look.focus, look.text],
          "circle-stroke-width": ["case", marked, 3, 2],
        },
      }] : []),
      {
        id: "words",
        type: "symbol",
        source: "labels",
        minzoom: features.length > MANY ? NAMES_FROM_ZOOM : 0,
        layout: {
          "text-field": ["get", "words"],
          "text-font": [look.font],
          "text-size": 14,
          "text-max-width": 8,
          "text-padding": 4,
          "text-anchor": ["case", ["get", "below"], "top", "center"],
          "text-offset": ["case", ["get", "below"], ["literal", [0, 0.8]], ["literal", [0, 0]]],
          "symbol-sort-key": ["get", "order"],
        },
        paint: {
          "text-color": look.text,
          "text-halo-color": look.page,
          "text-halo-width": 2,
        },
      },
    ],
  };
}

function meanings(element) {
  const legend = element.closest(".wp-map")?.querySelectorAll("[data-category]") ?? [];
  return Object.fromEntries(
    [...legend].map((entry) => [entry.dataset.category, entry.textContent.trim()]),
  );
}

function popupOf(feature, state) {
  const { name, text: words, url } = feature.properties;
  const box = document.createElement("div");
  box.className = "wp-map__popup";
  const title = document.createElement(url ? "a" : "p");
  title.className = "wp-map__popup-title";
  title.textContent = name ?? "";
  if (url) title.href = url;
  box.append(title);
  for (const line of [state, words]) {
    if (!line) continue;
    const paragraph = document.createElement("p");
    paragraph.textContent = line;
    box.append(paragraph);
  }
  return box;
}

class AreaMap {
  constructor(element, features) {
    this.element = element;
    this.features = features;
    this.words = meanings(element);
    this.look = readLook(element);
    this.canvas = document.createElement("div");
    this.canvas.className = "wp-map__canvas";
    element.append(this.canvas);
    this.map = new maplibre.Map({
      container: this.canvas,
      style: styleOf(this.look, features),
      bounds: boundsOf(features),
      fitBoundsOptions: { padding: PADDING_PX },
      attributionControl: false,
      renderWorldCopies: false,
      dragRotate: false,
      pitchWithRotate: false,
      maxPitch: 0,
      maxZoom: 17,
      fadeDuration: 0,
      cooperativeGestures: !element.closest(".wp-map--large"),
      locale: {
        "Map.Title": element.dataset.mapLabel,
        "NavigationControl.ZoomIn": text("mapZoomIn"),
        "NavigationControl.ZoomOut": text("mapZoomOut"),
        "Popup.Close": text("mapClose"),
        "CooperativeGesturesHandler.WindowsHelpText": text("mapScrollHelp"),
        "CooperativeGesturesHandler.MacHelpText": text("mapScrollHelp"),
        "CooperativeGesturesHandler.MobileHelpText": text("mapTouchHelp"),
      },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
    this.map.once("styledata", () => this.addPatterns());
    this.listenToMap();
    this.addList();
    this.listenToTable();
  }

  stateOf = (feature) => this.words[feature.properties.category] ?? "";

  addList() {
    this.list?.remove();
    const { compare } = new Intl.Collator(document.documentElement.lang);
    const sorted = this.features.filter(isPlace).sort((a, b) =>
      compare(String(a.properties.name), String(b.properties.name)),
    );
    this.list = makeAreaList(sorted, {
      label: text("mapAreas"),
      stateOf: this.stateOf,
      onWalk: (feature) => {
        this.hover(feature);
        this.show(feature);
      },
      onChoose: (feature) => this.choose(feature),
      onLeave: () => this.hover(null),
    });
    this.element.prepend(this.list);
  }

  listenToMap() {
    for (const layer of ["fill", "points"]) {
      this.map.on("mousemove", layer, ({ features }) => {
        this.map.getCanvas().style.cursor = "pointer";
        this.hover(this.byId(features[0].id));
      });
      this.map.on("mouseleave", layer, () => {
        this.map.getCanvas().style.cursor = "";
        this.hover(null);
      });
    }
    this.map.on("click", ({ point }) => {
      const layers = ["points", "fill"].filter((layer) => this.map.getLayer(layer));
      const [top] = this.map.queryRenderedFeatures(point, { layers });
      if (top) this.choose(this.byId(top.id));
    });
  }

  rows() {
    const table = document.getElementById(this.element.dataset.mapTable ?? "");
    return table ? [...table.querySelectorAll("[data-map-area]")] : [];
  }

  listenToTable() {
    const table = document.getElementById(this.element.dataset.mapTable ?? "");
    const find = ({ target }) => {
      const code = target.closest?.("[data-map-area]")?.dataset.mapArea;
      return code && this.features.find(({ properties }) => String(properties.code) === code);
    };
    for (const kind of ["mouseover", "focusin"]) {
      table?.addEventListener(kind, (event) => this.hover(find(event) ?? null));
    }
    table?.addEventListener("mouseleave", () => this.hover(null));
  }

  byId(id) {
    return this.features.find((feature) => feature.id === id);
  }

  setState(feature, state) {
    if (feature?.geometry.type === "Point" && this.map.getSource("areas")) {
      this.map.setFeatureState({ source: "areas", id: feature.id }, state);
    }
  }

  // Outline what has the pointer and what is chosen.
  mark() {
    const marked = [this.hovered, this.chosen].filter(
      (feature) => feature?.geometry.type.endsWith("Polygon"),
    );
    this.map.getSource("marked")?.setData(collectionOf(marked));
  }

  hover(feature) {
    if (feature === this.hovered) return;
    this.setState(this.hovered, { hover: false });
    this.hovered = feature;
    this.setState(feature, { hover: true });
    this.mark();
  }

  // Bring an area into sight when it is not: outside the frame, or under the list.
  show(feature) {
    const { center } = labelPoint(feature);
    const listWidth = this.list.contains(document.activeElement) ? this.list.offsetWidth : 0;
    const { x } = this.map.project(center);
    if (!this.map.getBounds().contains(center) || x < listWidth + PADDING_PX) {
      const offset = [listWidth / 2, 0];
      this.map.easeTo({ center, offset, duration: calm.matches ? 0 : 300 });
    }
  }

  choose(feature) {
    this.setState(this.chosen, { chosen: false });
    this.chosen = feature;
    this.setState(feature, { chosen: true });
    this.mark();
    this.list.select(feature);
    this.show(feature);
    this.popup?.remove();
    this.popup = new maplibre.Popup({ maxWidth: "18rem", focusAfterOpen: false })
      .setLngLat(labelPoint(feature).center)
      .setDOMContent(popupOf(feature, this.stateOf(feature)))
      .addTo(this.map);
    const { code, name } = feature.properties;
    for (const row of this.rows()) {
      row.toggleAttribute("data-map-current", row.dataset.mapArea === String(code));
    }
    this.element.dispatchEvent(
      new CustomEvent("wijkspil:area", { bubbles: true, detail: { code, name } }),
    );
  }

  renew(features) {
    this.popup?.remove();
    this.features = features;
    this.hovered = null;
    this.chosen = null;
    this.restyle();
    this.addList();
  }

  recolor() {
    this.look = readLook(this.element);
    this.restyle();
  }

  restyle() {
    this.map.setStyle(styleOf(this.look, this.features), { diff: false });
    this.map.once("styledata", () => {
      this.addPatterns();
      this.mark();
    });
  }

  addPatterns() {
    for (const kind of KINDS) {
      const name = `kind-${kind}`;
      if (this.map.hasImage(name)) this.map.removeImage(name);
      this.map.addImage(name, drawPattern(kind, this.look), { pixelRatio: 2 });
    }
  }
}

function giveUp(element) {
  element.dataset.mapState = "none";
  element.querySelector(".wp-map__canvas")?.remove();
  const note = element.querySelector("[data-map-note]");
  if (!note) return;
  note.hidden = false;
  note.textContent = text("mapFailed");
}

export async function drawMap(element) {
  element.dataset.mapState = "loading";
  try {
    // Whether it can be drawn shows when the map is made: to try here costs a context.
    if (!window.WebGL2RenderingContext) throw new Error("no WebGL 2");
    const [features] = await Promise.all([
      loadAreas(element.dataset),
      loadStyle(element.dataset.mapStyle),
      document.fonts.load('16px "Public Sans Variable"'),
    ]);
    if (features.length === 0) throw new Error("no areas");
    // Out of the way first: the map measures its frame when it is made.
    element.querySelector("[data-map-note]")?.setAttribute("hidden", "");
    const map = new AreaMap(element, features);
    map.map.once("idle", () => {
      element.dataset.mapState = "ready";
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => map.recolor());
    new MutationObserver(async () => map.renew(await loadAreas(element.dataset)))
      .observe(element, { attributeFilter: ["data-map-source"] });
  } catch (error) {
    console.warn("Map:", error);
    giveUp(element);
  }
}
