// The words scripts say, in the language of the page, put there by the server.
const words = JSON.parse(document.getElementById("wp-texts")?.textContent || "{}");

export function text(name) {
  return words[name] ?? name;
}
