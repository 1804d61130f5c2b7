export function drawMap(element) {
  element.dataset.mapState = "none";
}
