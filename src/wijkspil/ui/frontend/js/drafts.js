// Nothing typed is lost: a form with data-keep-draft="name" keeps its values in this
// tab until the server has taken them.
//
// A draft is dropped when the form was sent and the next page shows no such form, or
// shows a message of success. It is not put back over a form the server returned with
// mistakes: that one already holds what was typed. Secrets and files are never kept.
import { text } from "./texts.js";

const PREFIX = "wijkspil-draft:";
const NEVER = "[type=password], [type=file], [type=hidden], [data-no-draft]";

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}

function write(key, draft) {
  try {
    sessionStorage.setItem(key, JSON.stringify(draft));
  } catch {
    // Storage is full or switched off: the form still works.
  }
}

function keyOf(form) {
  return `${PREFIX}${location.pathname}#${form.dataset.keepDraft}`;
}

function fields(form) {
  return [...form.elements].filter((field) => field.name && !field.matches(NEVER));
}

function valuesOf(form) {
  return fields(form)
    .filter((field) => !/^(checkbox|radio)$/.test(field.type) || field.checked)
    .flatMap((field) =>
      field.type === "select-multiple"
        ? [...field.selectedOptions].map((option) => [field.name, option.value])
        : [[field.name, field.value]],
    );
}

function putBack(form, values) {
  for (const field of fields(form)) {
    const kept = values.filter(([name]) => name === field.name).map(([, value]) => value);
    if (/^(checkbox|radio)$/.test(field.type)) field.checked = kept.includes(field.value);
    else if (field.type === "select-multiple") {
      for (const option of field.options) option.selected = kept.includes(option.value);
    } else if (field.tagName !== "BUTTON" && kept.length) [field.value] = kept;
  }
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

function notice(form, key, first) {
  const note = document.createElement("p");
  note.className = "wp-draft-note";
  note.setAttribute("role", "status");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "utrecht-button utrecht-button--subtle wp-button--small";
  button.textContent = text("startAfresh");
  button.addEventListener("click", () => {
    sessionStorage.removeItem(key);
    putBack(form, first);
    note.remove();
    form.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  });
  note.append(text("draftRestored"), " ", button);
  form.prepend(note);
}

function isTaken() {
  return document.querySelector('#messages [data-kind="ok"]') !== null;
}

// Drafts that were sent, whose form is not on the page the server answered with.
export function clearDrafts() {
  const shown = new Set(
    [...document.querySelectorAll("form[data-keep-draft]")].map(keyOf),
  );
  for (const key of Object.keys(sessionStorage)) {
    if (!key.startsWith(PREFIX)) continue;
    if (read(key)?.sent && (!shown.has(key) || isTaken())) sessionStorage.removeItem(key);
  }
  document.addEventListener("submit", ({ target }) => {
    if (!target.matches("[data-clear-drafts]")) return;
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
    }
  });
}

export function watchDrafts(root) {
  for (const form of root.querySelectorAll("form[data-keep-draft]")) {
    if (form.dataset.draftWatched) continue;
    form.dataset.draftWatched = "yes";
    const key = keyOf(form);
    const first = valuesOf(form);
    const draft = read(key);
    const returned = form.querySelector('[aria-invalid="true"]') !== null;
    if (draft && !returned && JSON.stringify(draft.values) !== JSON.stringify(first)) {
      putBack(form, draft.values);
      notice(form, key, first);
    }
    const keep = () => write(key, { values: valuesOf(form), sent: false });
    form.addEventListener("input", keep);
    form.addEventListener("change", (event) => event.isTrusted && keep());
    form.addEventListener("submit", () => write(key, { values: valuesOf(form), sent: true }));
  }
}
