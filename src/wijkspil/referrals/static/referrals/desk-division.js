// A large proposal comes after the page: what is awaited, and how far along it usually is.
// Without this file a button makes the proposal on a page of its own.
(() => {
  const place = document.querySelector("[data-desk-proposal][data-source]");
  if (!place) return;
  const wait = place.querySelector("[data-desk-wait]");
  const bar = place.querySelector("[data-desk-progress]");
  const failed = place.querySelector("[data-desk-failed]");
  place.querySelector("[data-desk-plain]").hidden = true;
  wait.hidden = false;
  let seconds = 0;
  // It never says that it is done before it is.
  const tick = setInterval(() => {
    seconds += 1;
    if (seconds < bar.max * 0.95) bar.value = seconds;
  }, 1000);
  bar.value = 0;

  const leaving = new AbortController();
  window.addEventListener("pagehide", () => leaving.abort());
  fetch(new URL(place.dataset.source, location.href), {
    credentials: "same-origin",
    cache: "no-store",
    signal: leaving.signal,
  })
    .then((answer) => {
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      return answer.text();
    })
    .then((text) => {
      place.innerHTML = text;
      place.removeAttribute("data-source");
    })
    .catch(() => {
      bar.hidden = true;
      failed.hidden = false;
    })
    .finally(() => clearInterval(tick));
})();
