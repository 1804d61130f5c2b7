// Opens and closes the menu on a phone.
export function watchMenu() {
  const button = document.querySelector("[data-menu]");
  const header = button?.closest("header");
  if (!button) return;
  const set = (open) => {
    header.toggleAttribute("data-open", open);
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", () => set(!header.hasAttribute("data-open")));
  header.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && header.hasAttribute("data-open")) {
      set(false);
      button.focus();
    }
  });
}
