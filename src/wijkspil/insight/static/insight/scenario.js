// Lays a slider with two handles over the two numbers of each value, and asks for a
// reason only when they differ from the base. Without it the numbers do the same.
"use strict";

for (const field of document.querySelectorAll("[data-interval]")) {
  const data = field.dataset;
  const numbers = [field.querySelector("[data-low]"), field.querySelector("[data-high]")];
  const why = field.querySelector("[data-why]");
  const base = [Number(data.baseLow), Number(data.baseHigh)];
  const least = Number(data.least);
  const most = Number(data.most);
  const inset = 14; // half a handle, in px

  const slider = document.createElement("div");
  slider.className = "ws-slider";
  const part = (name) => {
    const made = document.createElement("span");
    made.className = `ws-slider__${name}`;
    made.setAttribute("aria-hidden", "true");
    slider.append(made);
    return made;
  };
  part("track");
  const baseBar = part("base");
  const chosenBar = part("chosen");
  const handles = [data.lowLabel, data.highLabel].map((label) => {
    const handle = document.createElement("input");
    handle.type = "range";
    handle.min = String(least);
    handle.max = String(most);
    handle.step = data.step;
    handle.setAttribute("aria-label", label);
    slider.append(handle);
    return handle;
  });

  const place = (bar, low, high) => {
    const share = (value) => Math.min(1, Math.max(0, (value - least) / (most - least || 1)));
    bar.style.insetInlineStart = `calc(${inset}px + (100% - ${2 * inset}px) * ${share(low)})`;
    bar.style.insetInlineEnd = `calc(${inset}px + (100% - ${2 * inset}px) * ${1 - share(high)})`;
  };
  const show = () => {
    const values = numbers.map((one) => Number(one.value));
    handles.forEach((handle, side) => {
      handle.value = String(values[side]);
    });
    place(chosenBar, Math.min(...values), Math.max(...values));
    place(baseBar, base[0], base[1]);
    // The handle that has room to move lies on top.
    handles[0].style.zIndex = values[0] > (least + most) / 2 ? "2" : "1";
    handles[1].style.zIndex = values[0] > (least + most) / 2 ? "1" : "2";
    const changed = numbers.some((one, side) => one.value === "" || Number(one.value) !== base[side]);
    field.classList.toggle("ws-parameter--changed", changed);
    why.hidden = !changed && why.querySelector("[aria-invalid]") === null;
  };
  const tidy = (value) => String(Number(Number(value).toPrecision(10)));
  handles.forEach((handle, side) => {
    handle.addEventListener("input", () => {
      const other = Number(numbers[1 - side].value);
      const value = side === 0 ? Math.min(Number(handle.value), other) : Math.max(Number(handle.value), other);
      numbers[side].value = tidy(value);
      show();
    });
  });
  for (const one of numbers) one.addEventListener("input", show);
  field.querySelector("[data-slider]").append(slider);
  show();
}
