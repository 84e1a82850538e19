// Draws <div class="chart" data-chart='{"x":[epoch seconds…],"series":[{"label":"…","values":[…]}],"unit":"…"}'>.
// The same numbers stand in a table below it, for whoever has no script.
(function () {
  "use strict";
  var names = ["--chart-1", "--chart-2", "--chart-3", "--chart-4"];
  function color(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }
  function number(value, unit) {
    return value == null ? "–" : value.toLocaleString(undefined, { maximumFractionDigits: 2 }) + (unit ? " " + unit : "");
  }
  function draw(box) {
    var data;
    try { data = JSON.parse(box.dataset.chart); } catch (e) { return; }
    if (!data.x || !data.x.length) return;
    box.textContent = "";
    var axis = { stroke: color("--hp-muted"), grid: { stroke: color("--hp-line"), width: 1 }, ticks: { show: false } };
    var series = [{}].concat(data.series.map(function (one, at) {
      return {
        label: one.label, stroke: color(names[at % names.length]), width: 2, points: { show: data.x.length < 60, size: 5 },
        dash: at ? [6, 4] : undefined, value: function (_, value) { return number(value, data.unit); }
      };
    }));
    new uPlot({
      width: Math.max(box.clientWidth, 240), height: 280, series: series, cursor: { y: false },
      scales: { y: { range: function (_, low, high) { return [Math.min(0, low || 0), (high || 1) * 1.08]; } } },
      axes: [axis, Object.assign({ size: 64, values: function (_, ticks) { return ticks.map(function (t) { return number(t, ""); }); } }, axis)]
    }, [data.x].concat(data.series.map(function (one) { return one.values; })), box);
  }
  function drawAll() { if (window.uPlot) document.querySelectorAll(".chart[data-chart]").forEach(draw); }
  document.addEventListener("DOMContentLoaded", drawAll);
  document.addEventListener("themechange", drawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  var waiting;
  window.addEventListener("resize", function () { clearTimeout(waiting); waiting = setTimeout(drawAll, 150); });
  document.addEventListener("htmx:afterSwap", drawAll);
})();
