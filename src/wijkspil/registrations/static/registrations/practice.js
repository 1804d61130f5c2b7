// Households by keyboard, and the promise of a swap while a number is typed. Without this
// file everything works: boxes are ticked by hand, and the promise is told after sending.
(() => {
  const form = document.querySelector("[data-answers]");
  if (form) {
    const boxes = () => [...form.querySelectorAll("[data-answer] input[type=checkbox]")];
    const every = form.querySelector("[data-answers-every]");
    form.querySelector("[data-answers-all]").hidden = boxes().length < 2;
    document.querySelector("[data-answers-keys]").hidden = false;
    every.addEventListener("change", () => {
      for (const box of boxes()) box.checked = every.checked;
    });
    form.addEventListener("change", () => {
      every.checked = boxes().every((box) => box.checked);
    });
    const current = () => document.activeElement?.closest?.("[data-answer]");
    const go = (step) => {
      const all = boxes();
      const at = all.findIndex((box) => current()?.contains(box));
      const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
      next?.focus();
      next?.closest("[data-answer]").scrollIntoView({ block: "nearest" });
    };
    const acts = {
      j: () => go(1),
      k: () => go(-1),
      x: () => current()?.querySelector("input[type=checkbox]").click(),
      o: () => current()?.querySelector("a[href]").click(),
    };
    const TYPED = "input:not([type=checkbox]):not([type=radio]), select, textarea";
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest?.(TYPED) || !(event.key in acts)) return;
      event.preventDefault();
      acts[event.key]();
    });
  }

  const words = document.querySelector("[data-promise-words]");
  const typed = document.querySelector("[data-promise=people]");
  if (words && typed) {
    const after = document.querySelector("[data-promise-after]");
    const format = new Intl.NumberFormat(document.documentElement.lang || "nl");
    typed.addEventListener("input", () => {
      const n = typed.valueAsNumber;
      if (!Number.isInteger(n) || n < 0) return;
      const said = n === 0 ? words.dataset.none : n === 1 ? words.dataset.one : words.dataset.many;
      words.textContent = said.replace("{n}", format.format(n));
      if (after) {
        after.textContent = format.format(Number(after.dataset.promiseAfter) + n);
      }
    });
  }
})();
