// Reads what wijkspil.ui.shapes writes: rings as whole steps from point to point.
// Answers features of GeoJSON; anything else is handed on as it is.

const FORMAT = "wijkspil-shapes-1";

function ringOf(steps, unit) {
  const ring = new Array(steps.length / 2 + 1);
  let [x, y] = [0, 0];
  for (let i = 0, n = 0; i < steps.length; i += 2, n += 1) {
    x += steps[i];
    y += steps[i + 1];
    ring[n] = [x * unit, y * unit];
  }
  ring[ring.length - 1] = ring[0];
  return ring;
}

export function featuresOf(document) {
  if (document.format !== FORMAT) return document.features;
  const { unit, areas } = document;
  return areas.map(([code, name, polygons]) => {
    const coordinates = polygons.map((rings) => rings.map((steps) => ringOf(steps, unit)));
    return {
      type: "Feature",
      geometry: coordinates.length === 1
        ? { type: "Polygon", coordinates: coordinates[0] }
        : { type: "MultiPolygon", coordinates },
      properties: { code, name },
    };
  });
}
