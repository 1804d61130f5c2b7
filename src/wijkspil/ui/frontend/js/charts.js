// A chart is one stop for the Tab key; arrows, Home and End walk through its marks.
// Without scripts every mark is a stop of its own.
export function watchCharts(root) {
  for (const drawing of root.querySelectorAll(".wp-chart__drawing")) {
    const marks = [...drawing.querySelectorAll(".wp-chart__mark")];
    const go = (index) => {
      const next = marks[Math.max(0, Math.min(marks.length - 1, index))];
      for (const mark of marks) mark.setAttribute("tabindex", mark === next ? "0" : "-1");
      return next;
    };
    if (marks.length < 2) continue;
    go(0);
    drawing.addEventListener("keydown", (event) => {
      const here = marks.indexOf(document.activeElement);
      const moves = {
        ArrowDown: here + 1,
        ArrowRight: here + 1,
        ArrowUp: here - 1,
        ArrowLeft: here - 1,
        Home: 0,
        End: marks.length - 1,
      };
      if (here < 0 || !(event.key in moves)) return;
      go(moves[event.key]).focus();
      event.preventDefault();
    });
  }
}
