// Colors and patterns of the map, from the tokens of the page. Each kind of area has
// both, so that color never carries the meaning alone.

export const KINDS = [
  "covered", "backup", "gap", "good", "limited", "full", "unknown",
  "step-1", "step-2", "step-3", "step-4", "step-5",
];
const TILE = 12;

export function readLook(element) {
  const style = getComputedStyle(element);
  const token = (name) => style.getPropertyValue(`--wijkspil-color-${name}`).trim();
  return {
    land: token("map-land"),
    border: token("map-border"),
    hatch: token("map-hatch"),
    text: token("text"),
    page: token("page"),
    accent: token("accent"),
    focus: token("focus"),
    fills: Object.fromEntries(KINDS.map((kind) => [kind, token(`map-${kind}`)])),
    font: "Public Sans Variable",
  };
}

const lines = {
  backup: (pen) => stroke(pen, [[0, TILE, TILE, 0], [-3, 3, 3, -3], [9, 15, 15, 9]], 1.2),
  gap: (pen) => {
    stroke(pen, [[0, TILE, TILE, 0], [-3, 3, 3, -3], [9, 15, 15, 9]], 1.8);
    stroke(pen, [[0, 0, TILE, TILE], [-3, 9, 3, 15], [9, -3, 15, 3]], 1.8);
  },
  full: (pen) => stroke(pen, [[0, 3, TILE, 3], [0, 9, TILE, 9]], 1),
  limited: (pen) => dots(pen, [[3, 3], [9, 9]], 1.4),
  // From little to much: ever more ink.
  "step-2": (pen) => dots(pen, [[6, 6]], 0.9),
  "step-3": (pen) => dots(pen, [[3, 3], [9, 9], [3, 9], [9, 3]], 1),
  "step-4": (pen) => stroke(pen, [[0, TILE, TILE, 0], [-3, 3, 3, -3], [9, 15, 15, 9]], 1),
  "step-5": (pen) => {
    stroke(pen, [[0, TILE, TILE, 0], [-3, 3, 3, -3], [9, 15, 15, 9]], 1.4);
    stroke(pen, [[0, 6, 6, 0], [6, TILE, TILE, 6]], 1.4);
  },
};

function dots(pen, places, radius) {
  for (const [x, y] of places) {
    pen.beginPath();
    pen.arc(x, y, radius, 0, 7);
    pen.fill();
  }
}

function stroke(pen, segments, width) {
  pen.lineWidth = width;
  pen.beginPath();
  for (const [x1, y1, x2, y2] of segments) {
    pen.moveTo(x1, y1);
    pen.lineTo(x2, y2);
  }
  pen.stroke();
}

// Color and pattern of one kind as pixels, twice as fine as the screen: one layer then
// draws both.
export function drawPattern(kind, { fills, hatch }) {
  const canvas = document.createElement("canvas");
  canvas.width = TILE * 2;
  canvas.height = TILE * 2;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.scale(2, 2);
  pen.fillStyle = fills[kind];
  pen.fillRect(0, 0, TILE, TILE);
  pen.strokeStyle = hatch;
  pen.fillStyle = hatch;
  pen.globalAlpha = 0.75;
  lines[kind]?.(pen);
  return pen.getImageData(0, 0, TILE * 2, TILE * 2);
}
