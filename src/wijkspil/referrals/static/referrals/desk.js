// The worklist by keyboard, live without reloading, and a request beside the list instead
// of on its own page. Without this file every link and button works as a page of its own.
(() => {
  const desk = document.querySelector("[data-desk]");
  const detail = desk?.querySelector("[data-desk-detail]");
  if (!desk || !detail) return;
  const wide = window.matchMedia("(min-width: 64rem)");
  const list = () => desk.querySelector("[data-desk-rows]");
  const live = () => desk.querySelector("[data-desk-live]");
  const rows = () => [...desk.querySelectorAll("[data-desk-row]")];
  const linkOf = (row) => row.querySelector("[data-desk-link]");
  const current = () => desk.querySelector("[data-current]");
  const more = () => desk.querySelector("[data-desk-next]");
  const isInList = () => Boolean(list()?.contains(document.activeElement));
  const TYPED = "input:not([type=checkbox]):not([type=radio]), select, textarea";

  // --- a request beside the list

  let asked = 0;
  async function show(row, isChosen = true) {
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
      if (!isChosen) return;
      const address = new URL(location);
      address.searchParams.set("aanvraag", row.dataset.deskRow);
      history.replaceState(null, "", address);
    } catch {
      if (mine === asked && isChosen) location.assign(linkOf(row).href);
    } finally {
      if (mine === asked) detail.removeAttribute("aria-busy");
    }
  }

  let waiting;
  function move(step) {
    const all = rows();
    if (all.length === 0) return;
    const isOnMore = more() && document.activeElement === more();
    if (isOnMore && step > 0) return;
    if (isOnMore) {
      goTo(all.at(-1));
      return;
    }
    const at = all.indexOf(
      document.activeElement?.closest?.("[data-desk-row]") ?? current(),
    );
    const next = isInList() ? at + step : Math.max(at, 0);
    if (more() && next >= all.length) {
      more().focus();
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

  desk.addEventListener("click", (event) => {
    const link = event.target.closest("[data-desk-link]");
    if (!link || !wide.matches || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    clearTimeout(waiting);
    const row = link.closest("[data-desk-row]");
    show(row).then(() => event.detail === 0 && detail.focus());
  });

  // The page comes without a request when none was chosen: the first is asked for here.
  const isEmpty = !detail.querySelector("[data-desk-number]");
  if (isEmpty && wide.matches && rows()[0]) show(rows()[0], false);

  // A choice of wijk or urgency applies at once; the button is for who has no script.
  const narrow = desk.querySelector("[data-desk-narrow]");
  narrow?.querySelector("button")?.classList.add("wp-visually-hidden");
  narrow?.addEventListener("change", () => narrow.requestSubmit());

  // --- live: the list is asked for again while somebody looks at it

  const EVERY_MS = 15_000;
  const updated = desk.querySelector("[data-desk-updated]");
  const lost = desk.querySelector("[data-desk-lost]");
  const said = desk.querySelector("[data-desk-said]");
  const renew = desk.querySelector("[data-desk-renew]");
  let mark = desk.dataset.mark;
  let seen = live()?.dataset.seen;
  let lateBefore = Number(live()?.dataset.late ?? 0);
  let lastSaid = live()?.dataset.asked ?? "";
  let kept = null;
  let isAsking = false;
  let isOver = false;

  const say = (one, many, n) => (n === 1 ? one : many.replace("{n}", n));

  function isBusy() {
    const where = document.activeElement;
    return document.hidden || Boolean(where?.closest?.(TYPED)) || isAsking || isOver;
  }

  async function ask(isWanted = false) {
    if (isAsking || isOver || !live() || (!isWanted && isBusy())) return;
    isAsking = true;
    try {
      const address = new URL(location);
      address.hash = "";
      address.searchParams.delete("aanvraag");
      address.searchParams.set("pagina", live().dataset.page);
      address.searchParams.set("deel", "lijst");
      address.searchParams.set("gezien", seen);
      const answer = await fetch(address, {
        credentials: "same-origin",
        cache: "no-store",
        headers: { "If-None-Match": mark },
      });
      if (answer.redirected || answer.status === 403) {
        isOver = true;
        warn(desk.dataset.left);
        return;
      }
      if (!answer.ok && answer.status !== 304) throw new Error(String(answer.status));
      mark = answer.headers.get("ETag") ?? mark;
      const words = decodeURIComponent(answer.headers.get("X-Desk-Updated") ?? "");
      if (words) updated.textContent = lastSaid = words;
      lost.hidden = true;
      if (answer.status === 200) take(await answer.text());
    } catch {
      warn(desk.dataset.lost.replace("{time}", lastSaid.replace(/^\D+/, "")));
    } finally {
      isAsking = false;
    }
  }

  function warn(words) {
    if (lost.hidden || lost.textContent !== words) lost.textContent = words;
    lost.hidden = false;
  }

  function take(text) {
    const fresh = new DOMParser()
      .parseFromString(text, "text/html")
      .querySelector("[data-desk-live]");
    if (!fresh) return;
    const n = Number(fresh.dataset.new);
    const late = Number(fresh.dataset.late);
    const words = [];
    if (n > 0) words.push(say(desk.dataset.newOne, desk.dataset.newMany, n));
    if (late > lateBefore) {
      words.push(say(desk.dataset.lateOne, desk.dataset.lateMany, late - lateBefore));
    }
    // Under the hand or the pointer nothing moves: a button says what there is.
    const isTouched = isInList() || list()?.matches(":hover");
    if (isTouched && hasMoved(fresh)) {
      kept = fresh;
      updateWords(fresh);
      renew.textContent = [desk.dataset.renew, words.join(", ")].filter(Boolean).join(": ");
      renew.hidden = false;
    } else {
      put(fresh);
    }
    lateBefore = late;
    if (words.length > 0) said.textContent = words.join(". ");
  }

  const numbersIn = (part) =>
    [...part.querySelectorAll("[data-desk-row]")].map((row) => row.dataset.deskRow);
  const hasMoved = (fresh) => numbersIn(fresh).join() !== numbersIn(live()).join();

  // What stands in a row changes at once; which rows there are, and their order, do not.
  function updateWords(fresh) {
    for (const row of fresh.querySelectorAll("[data-desk-row]")) {
      const old = document.getElementById(row.id);
      if (old) become(old, row);
    }
    for (const name of ["[data-desk-bar]", "[data-desk-alarm]"]) {
      const [from, to] = [fresh.querySelector(name), live().querySelector(name)];
      if (from && to && to.outerHTML !== from.outerHTML && !to.contains(document.activeElement)) {
        to.replaceWith(from.cloneNode(true));
      }
    }
  }

  function become(old, row) {
    const isCurrent = "current" in old.dataset;
    const hadFocus = old.contains(document.activeElement);
    old.className = row.className;
    if (old.innerHTML !== row.innerHTML) {
      old.innerHTML = row.innerHTML;
      if (hadFocus) linkOf(old).focus({ preventScroll: true });
    }
    if (isCurrent) old.dataset.current = "";
  }

  function put(fresh) {
    kept = null;
    renew.hidden = true;
    seen = fresh.dataset.seen;
    const focused = document.activeElement?.closest?.("[data-desk-row]")?.dataset.deskRow;
    const chosen = current()?.dataset.deskRow;
    const anchor = document.getElementById(`rij-${focused ?? chosen}`);
    const before = anchor?.getBoundingClientRect().top;
    if (live().contains(document.activeElement) && !focused) {
      // A filter or page link has the focus: only words change under it.
      updateWords(fresh);
      return;
    }
    live().replaceWith(fresh);
    const again = document.getElementById(`rij-${chosen}`);
    if (again) again.dataset.current = "";
    const row = focused && document.getElementById(`rij-${focused}`);
    if (row) linkOf(row).focus({ preventScroll: true });
    const still = document.getElementById(anchor?.id ?? "");
    const isInView = before !== undefined && before >= 0 && before <= window.innerHeight;
    if (still && isInView) window.scrollBy(0, still.getBoundingClientRect().top - before);
  }

  renew?.addEventListener("click", () => {
    if (kept) put(kept);
    (rows()[0] && linkOf(rows()[0]))?.focus();
  });
  if (live() && updated) {
    setInterval(() => ask(), EVERY_MS);
    document.addEventListener("visibilitychange", () => ask());
    window.addEventListener("online", () => ask());
    window.addEventListener("offline", () =>
      warn(desk.dataset.lost.replace("{time}", lastSaid.replace(/^\D+/, ""))),
    );
  }

  // --- keys

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

  const toField = (name) => {
    const field = detail.querySelector(name);
    field?.focus();
    field?.scrollIntoView({ block: "nearest" });
  };
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
    b: () => toField("[data-desk-call]"),
    n: () => toField("[data-desk-note]"),
    p: () => detail.querySelector("[data-desk-place]")?.click(),
    o: () => detail.querySelector("[data-desk-open]")?.click(),
    r: () => ask(true),
    Escape: () => (current() ? linkOf(current()).focus() : rows()[0] && linkOf(rows()[0]).focus()),
    "?": () => {
      if (!help) return;
      help.open = true;
      help.querySelector("summary").focus();
    },
  };

  document.addEventListener("keydown", (event) => {
    if (!isOn || event.ctrlKey || event.metaKey || event.altKey) return;
    // Leaving a field with Escape is the one thing a field lets through.
    const isTyping = event.target.closest(`${TYPED}, [data-map]`);
    if (isTyping && !(event.key === "Escape" && detail.contains(event.target))) return;
    const isArrow = event.key.startsWith("Arrow");
    if (isArrow && !isInList() && document.activeElement !== more()) return;
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
