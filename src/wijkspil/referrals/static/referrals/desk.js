// The worklist by keyboard, and a request beside the list instead of on its own page.
// Without this file every link and button works as a page of its own.
(() => {
  const desk = document.querySelector("[data-desk]");
  const list = desk?.querySelector("[data-desk-rows]");
  const detail = desk?.querySelector("[data-desk-detail]");
  if (!list || !detail) return;
  const wide = window.matchMedia("(min-width: 64rem)");
  const rows = () => [...list.querySelectorAll("[data-desk-row]")];
  const linkOf = (row) => row.querySelector("[data-desk-link]");
  const current = () => list.querySelector("[data-current]");
  let asked = 0;

  async function show(row) {
    current()?.removeAttribute("data-current");
    row.dataset.current = "";
    const mine = ++asked;
    const url = new URL(linkOf(row).href);
    url.searchParams.set("deel", "1");
    detail.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { credentials: "same-origin" });
      if (mine !== asked) return;
      if (!answer.ok || answer.redirected) {
        location.assign(linkOf(row).href);
        return;
      }
      detail.innerHTML = await answer.text();
      detail.scrollTop = 0;
      const address = new URL(location);
      address.searchParams.set("aanvraag", row.dataset.deskRow);
      history.replaceState(null, "", address);
    } catch {
      if (mine === asked) location.assign(linkOf(row).href);
    } finally {
      if (mine === asked) detail.removeAttribute("aria-busy");
    }
  }

  const more = desk.querySelector("[data-desk-next]");
  let waiting;
  function move(step) {
    const all = rows();
    const isOnMore = more && document.activeElement === more;
    if (isOnMore && step > 0) return;
    if (isOnMore) {
      goTo(all.at(-1));
      return;
    }
    const at = all.indexOf(
      document.activeElement?.closest?.("[data-desk-row]") ?? current(),
    );
    const inList = list.contains(document.activeElement);
    const next = inList ? at + step : Math.max(at, 0);
    if (more && next >= all.length) {
      more.focus();
      return;
    }
    goTo(all[Math.min(Math.max(next, 0), all.length - 1)]);
  }

  function goTo(row) {
    linkOf(row).focus();
    row.scrollIntoView({ block: "nearest" });
    if (!wide.matches || row === current()) return;
    // Holding a key passes rows by; only where it stops is asked for.
    clearTimeout(waiting);
    waiting = setTimeout(() => show(row), 120);
  }

  list.addEventListener("click", (event) => {
    const link = event.target.closest("[data-desk-link]");
    if (!link || !wide.matches || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    clearTimeout(waiting);
    const row = link.closest("[data-desk-row]");
    show(row).then(() => event.detail === 0 && detail.focus());
  });

  const help = desk.querySelector("[data-desk-help] details");
  const box = desk.querySelector("[data-desk-keys]");
  const KEY = "wijkspil-desk-keys";
  let isOn = true;
  try {
    isOn = localStorage.getItem(KEY) !== "off";
  } catch {
    // Storage is switched off: the keys simply work.
  }
  if (box) {
    box.checked = isOn;
    box.closest("[data-desk-switch]").hidden = false;
    box.addEventListener("change", () => {
      isOn = box.checked;
      try {
        localStorage.setItem(KEY, isOn ? "on" : "off");
      } catch {
        // Then it holds for this page.
      }
    });
  }

  const acts = {
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    t: () => detail.querySelector("[data-desk-take]")?.requestSubmit(),
    v: () => {
      const field = detail.querySelector("[name=service]");
      (field ?? detail.querySelector("[data-desk-teams]"))?.focus();
    },
    o: () => detail.querySelector("[data-desk-open]")?.click(),
    Escape: () => current() && linkOf(current()).focus(),
    "?": () => {
      if (!help) return;
      help.open = true;
      help.querySelector("summary").focus();
    },
  };

  document.addEventListener("keydown", (event) => {
    if (!isOn || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=checkbox]), select, textarea, [data-map]")) return;
    const isArrow = event.key.startsWith("Arrow");
    const isInList = list.contains(document.activeElement);
    if (isArrow && !isInList && document.activeElement !== more) return;
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
