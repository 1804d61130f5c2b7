// Sending a form twice does no harm: the second press is ignored until an answer came.
import { text } from "./texts.js";

const WAIT_MS = 15000;

function release(form) {
  delete form.dataset.sending;
  for (const button of form.querySelectorAll("[data-was-busy]")) {
    button.removeAttribute("aria-disabled");
    button.removeAttribute("data-was-busy");
  }
  form.querySelector("[data-sending-note]")?.remove();
}

function announce(form, button) {
  const note = document.createElement("span");
  note.dataset.sendingNote = "";
  note.className = "wp-sending";
  note.setAttribute("role", "status");
  button.after(note);
  note.textContent = text("sending");
}

export function guardSending() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" && !form.matches("[hx-post], [hx-put], [hx-delete]")) return;
    if (form.dataset.sending) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    form.dataset.sending = "yes";
    const button = event.submitter;
    if (button) {
      button.setAttribute("aria-disabled", "true");
      button.dataset.wasBusy = "";
      if (!form.closest("header")) {
        setTimeout(() => form.dataset.sending && announce(form, button), 600);
      }
    }
    setTimeout(() => release(form), WAIT_MS);
  }, true);
  document.addEventListener("htmx:afterRequest", ({ target }) => {
    const form = target.closest?.("form");
    if (form) release(form);
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sending]").forEach(release);
  });
}
