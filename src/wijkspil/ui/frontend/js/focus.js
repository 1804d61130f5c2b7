// Brings the reader to what matters after a page comes back with mistakes.
export function watchErrorSummary() {
  const summary = document.querySelector("[data-error-summary]");
  summary?.focus();
}
