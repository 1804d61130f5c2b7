// The walkable list of areas: one stop for the Tab key, arrows, Home, End and a letter
// inside. It makes every area on the map reachable without a mouse.
import { text } from "../texts.js";

export function makeAreaList(features, { label, stateOf, onWalk, onChoose, onLeave }) {
  const list = document.createElement("ul");
  list.className = "wp-map__areas";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", `${label}. ${text("mapHelp")}`);
  const options = features.map((feature, index) => {
    const option = document.createElement("li");
    option.className = "wp-map__area";
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.tabIndex = index === 0 ? 0 : -1;
    option.textContent = feature.properties.name ?? "";
    const state = document.createElement("span");
    state.className = "wp-map__area-state";
    state.textContent = stateOf(feature);
    option.append(state);
    return option;
  });
  const indexOf = ({ target }) => options.indexOf(target.closest('[role="option"]'));
  list.addEventListener("focusin", (event) => {
    if (indexOf(event) >= 0) onWalk(features[indexOf(event)]);
  });
  list.addEventListener("click", (event) => {
    if (indexOf(event) >= 0) onChoose(features[indexOf(event)]);
  });
  let walkable = options[0];
  const go = (index) => {
    const next = options[Math.max(0, Math.min(options.length - 1, index))];
    if (!next) return;
    walkable.tabIndex = -1;
    next.tabIndex = 0;
    walkable = next;
    next.focus();
  };
  list.addEventListener("keydown", (event) => {
    const here = options.indexOf(document.activeElement);
    const moves = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: options.length - 1 };
    if (event.key in moves) go(moves[event.key]);
    else if (event.key === "Enter" || event.key === " ") onChoose(features[here]);
    else if (/^\p{L}$/u.test(event.key)) {
      const order = [...options.slice(here + 1), ...options.slice(0, here + 1)];
      const letter = event.key.toLowerCase();
      const found = order.find((option) => option.textContent.toLowerCase().startsWith(letter));
      if (found) go(options.indexOf(found));
    } else return;
    event.preventDefault();
  });
  list.addEventListener("focusout", (event) => {
    if (!list.contains(event.relatedTarget)) onLeave();
  });
  list.append(...options);
  let selected = null;
  list.select = (feature) => {
    selected?.setAttribute("aria-selected", "false");
    selected = options[features.indexOf(feature)] ?? null;
    selected?.setAttribute("aria-selected", "true");
  };
  return list;
}
