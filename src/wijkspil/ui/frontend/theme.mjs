// Turns tokens.json into custom properties: light by default, dark when the reader's
// system or the reader asks for it. The light values also serve paper.
const block = (tokens, indent) =>
  Object.entries(tokens)
    .map(([name, value]) => `${indent}--wijkspil-${name}: ${value};`)
    .join("\n");

export function themeCss({ color, size }) {
  const pick = (mode) =>
    Object.fromEntries(
      Object.entries(color).map(([name, value]) => [`color-${name}`, value[mode]]),
    );
  const light = block(pick("light"), "  ");
  const dark = block(pick("dark"), "  ");
  return `:root {
  color-scheme: light;
${block(size, "  ")}
${light}
}
@media screen and (prefers-color-scheme: dark) {
  :root:not([data-theme="light"]) {
  color-scheme: dark;
${dark}
  }
}
@media screen {
  :root[data-theme="dark"] {
  color-scheme: dark;
${dark}
  }
}
`;
}
