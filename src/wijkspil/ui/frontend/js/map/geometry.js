// The little geometry a map of areas needs: bounds, size, and where to put a word.

function ringsOf({ type, coordinates }) {
  if (type === "Polygon") return [coordinates[0]];
  if (type === "MultiPolygon") return coordinates.map((polygon) => polygon[0]);
  return [];
}

function positionsOf(geometry) {
  if (geometry.type === "Point") return [geometry.coordinates];
  if (geometry.type === "LineString") return geometry.coordinates;
  return ringsOf(geometry).flat();
}

// [[west, south], [east, north]] in degrees, or null without any position.
export function boundsOf(features) {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { geometry } of features) {
    for (const [lon, lat] of positionsOf(geometry)) {
      west = Math.min(west, lon);
      east = Math.max(east, lon);
      south = Math.min(south, lat);
      north = Math.max(north, lat);
    }
  }
  return west === Infinity ? null : [[west, south], [east, north]];
}

// Area (square degrees, for comparing only) and centroid of one ring.
function measure(ring) {
  let [twice, x, y] = [0, 0, 0];
  const [x0, y0] = ring[0];
  for (let i = 1; i < ring.length; i += 1) {
    const [ax, ay] = [ring[i - 1][0] - x0, ring[i - 1][1] - y0];
    const [bx, by] = [ring[i][0] - x0, ring[i][1] - y0];
    const cross = ax * by - bx * ay;
    twice += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  if (twice === 0) return { size: 0, center: ring[0] };
  return {
    size: Math.abs(twice / 2),
    center: [x0 + x / (3 * twice), y0 + y / (3 * twice)],
  };
}

// Where the name of a feature stands: its own point, or the middle of its largest part.
export function labelPoint({ geometry, properties }) {
  if (Array.isArray(properties?.point)) return { size: 1, center: properties.point };
  if (geometry.type === "Point") return { size: 0, center: geometry.coordinates };
  return ringsOf(geometry)
    .map(measure)
    .reduce((best, part) => (part.size > best.size ? part : best), { size: -1 });
}
