// Draws the map of products on <canvas data-map="address of the points">: hover, keyboard, zoom, choosing by a drawn line.
(function () {
  "use strict";
  var canvas = document.querySelector("canvas[data-map]");
  if (!canvas) return;
  var one = function (name) { return document.querySelector("[data-map-" + name + "]"); };
  var tip = one("tip"), told = one("told"), legend = one("legend"), count = one("count"), field = one("products");
  var colourBy = one("colour"), pen = canvas.getContext("2d");
  var points = null, colours = [], groups = [], chosen = new Set(), at = -1, view = { x: 0, y: 0, zoom: 1 }, drag = null, waiting = false;
  var HUES = [162, 28, 245, 350, 95, 200, 305, 55, 130];

  function css(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }
  function isDark() { var c = css("--hp-ground"); return parseInt(c.slice(1, 3), 16) < 100; }
  function size() { return Math.min(canvas.clientWidth, canvas.clientHeight) / 2 * 0.94 * view.zoom; }
  function screenX(i) { return canvas.clientWidth / 2 + (points.x[i] - view.x) * size(); }
  function screenY(i) { return canvas.clientHeight / 2 + (points.y[i] - view.y) * size(); }

  function colour() {
    var by = colourBy.value, values = points[by], dark = isDark(), entries = [];
    if (by === "categories" || by === "brands") {
      var counts = new Map();
      values.forEach(function (v) { counts.set(v, (counts.get(v) || 0) + 1); });
      var names = Array.from(counts.keys()).filter(Boolean).sort(function (a, b) { return counts.get(b) - counts.get(a) || (a < b ? -1 : 1); }).slice(0, HUES.length);
      var hue = new Map(names.map(function (name, n) { return [name, "hsl(" + HUES[n] + (dark ? " 62% 62%)" : " 62% 38%)")]; }));
      var rest = dark ? "#6b7a73" : "#a3aea8";
      colours = values.map(function (v) { return hue.get(v) || rest; });
      entries = names.map(function (name) { return [hue.get(name), name]; });
      if (counts.size > names.length) entries.push([rest, "all others"]);
    } else {
      var sorted = values.filter(function (v) { return v != null; }).slice().sort(function (a, b) { return a - b; });
      var shade = function (share) { return dark ? "hsl(162 55% " + (22 + 58 * share) + "%)" : "hsl(162 70% " + (82 - 62 * share) + "%)"; };
      // In forty steps, each drawn at once; by rank, so that one dear product does not make all others look alike.
      var rank = function (v) { var lo = 0, hi = sorted.length; while (lo < hi) { var m = (lo + hi) >> 1; if (sorted[m] < v) lo = m + 1; else hi = m; } return lo / Math.max(1, sorted.length - 1); };
      colours = values.map(function (v) { return v == null ? (dark ? "#6b7a73" : "#a3aea8") : shade(Math.round(40 * Math.min(1, rank(v))) / 40); });
      entries = by === "amounts" ? [[shade(0), "cheapest"], [shade(0.5), "middle"], [shade(1), "dearest"]] : [[shade(0), "sells least"], [shade(0.5), "middle"], [shade(1), "sells most"]];
    }
    var of = new Map();
    colours.forEach(function (c, i) { if (!of.has(c)) of.set(c, []); of.get(c).push(i); });
    groups = Array.from(of.entries());
    legend.textContent = "";
    entries.forEach(function (entry) {
      var item = document.createElement("li"), dot = document.createElementNS("http://www.w3.org/2000/svg", "svg"), circle = document.createElementNS("http://www.w3.org/2000/svg", "circle");
      dot.setAttribute("viewBox", "0 0 10 10"); dot.setAttribute("aria-hidden", "true");
      circle.setAttribute("cx", 5); circle.setAttribute("cy", 5); circle.setAttribute("r", 5); circle.setAttribute("fill", entry[0]);
      dot.appendChild(circle); item.appendChild(dot); item.appendChild(document.createTextNode(" " + entry[1])); legend.appendChild(item);
    });
  }

  function draw() {
    waiting = false;
    if (!points) return;
    var ratio = window.devicePixelRatio || 1, w = canvas.clientWidth, h = canvas.clientHeight, s = size(), ink = css("--hp-ink");
    if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) { canvas.width = Math.round(w * ratio); canvas.height = Math.round(h * ratio); }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, w, h);
    var r = Math.max(1.6, Math.min(7, 90 / Math.sqrt(points.ids.length) * Math.sqrt(view.zoom)));
    // Colour by colour, all of one in a single stroke: thousands of points move smoothly. Small ones are squares.
    pen.globalAlpha = chosen.size ? 0.35 : 0.9;
    groups.forEach(function (group) {
      pen.fillStyle = group[0];
      pen.beginPath();
      group[1].forEach(function (i) {
        var x = w / 2 + (points.x[i] - view.x) * s, y = h / 2 + (points.y[i] - view.y) * s;
        if (x < -9 || y < -9 || x > w + 9 || y > h + 9 || chosen.has(i)) return;
        if (r < 2.2) pen.rect(x - r, y - r, 2 * r, 2 * r);
        else { pen.moveTo(x + r, y); pen.arc(x, y, r, 0, 6.2832); }
      });
      pen.fill();
    });
    pen.globalAlpha = 0.9; pen.strokeStyle = ink; pen.lineWidth = 1.5;
    chosen.forEach(function (i) {
      pen.fillStyle = colours[i];
      pen.beginPath(); pen.arc(screenX(i), screenY(i), r + 1.5, 0, 6.2832); pen.fill(); pen.stroke();
    });
    pen.globalAlpha = 1;
    if (at >= 0) { pen.strokeStyle = ink; pen.lineWidth = 2.5; pen.beginPath(); pen.arc(screenX(at), screenY(at), r + 4, 0, 6.2832); pen.stroke(); }
    if (drag && drag.line) {
      pen.strokeStyle = css("--hp-accent"); pen.lineWidth = 2; pen.setLineDash([6, 4]); pen.beginPath();
      drag.line.forEach(function (p, n) { if (n) pen.lineTo(p[0], p[1]); else pen.moveTo(p[0], p[1]); });
      pen.closePath(); pen.stroke(); pen.setLineDash([]);
    }
  }
  // A finger scrolls the page past the map until the map is drawn on or zoomed.
  function grip() { canvas.classList.toggle("is-held", isDrawing() || view.zoom > 1); }
  function redraw() { grip(); if (!waiting) { waiting = true; requestAnimationFrame(draw); } }

  function tell(i) {
    at = i; tip.textContent = "";
    if (i < 0) { tip.hidden = true; redraw(); return; }
    if (points.images[i]) { var image = document.createElement("img"); image.src = points.images[i]; image.alt = ""; tip.appendChild(image); }
    var text = document.createElement("span"), title = document.createElement("strong");
    title.textContent = points.titles[i]; text.appendChild(title);
    text.appendChild(document.createTextNode([points.categories[i], points.brands[i], points.prices[i]].filter(Boolean).join(" · ")));
    tip.appendChild(text); tip.hidden = false;
    var x = screenX(i), y = screenY(i), w = canvas.clientWidth, h = canvas.clientHeight;
    tip.dataset.side = (x > w / 2 ? "right" : "left") + (y > h / 2 ? "-bottom" : "-top");
    told.textContent = points.titles[i] + ", " + [points.categories[i], points.brands[i], points.prices[i]].filter(Boolean).join(", ") + (chosen.has(i) ? ", chosen" : "");
    redraw();
  }
  function nearest(x, y, most) {
    var best = -1, least = most * most, w = canvas.clientWidth, h = canvas.clientHeight, s = size();
    for (var i = 0; i < points.ids.length; i++) { var dx = w / 2 + (points.x[i] - view.x) * s - x, dy = h / 2 + (points.y[i] - view.y) * s - y, d = dx * dx + dy * dy; if (d < least) { least = d; best = i; } }
    return best;
  }
  function changed() {
    if (field) field.value = Array.from(chosen).map(function (i) { return points.ids[i]; }).join("\n");
    if (count) count.textContent = chosen.size ? " of " + chosen.size + (chosen.size === 1 ? " product" : " products") : "";
    told.textContent = chosen.size ? chosen.size + (chosen.size === 1 ? " product chosen." : " products chosen.") : points.ids.length + " products.";
    redraw();
  }
  function choose(i) { if (i < 0) return; if (chosen.has(i)) chosen.delete(i); else chosen.add(i); changed(); }
  function inside(x, y, line) {
    var odd = false;
    for (var i = 0, j = line.length - 1; i < line.length; j = i++) {
      if ((line[i][1] > y) !== (line[j][1] > y) && x < (line[j][0] - line[i][0]) * (y - line[i][1]) / (line[j][1] - line[i][1]) + line[i][0]) odd = !odd;
    }
    return odd;
  }
  function zoom(factor, x, y) {
    var w = canvas.clientWidth, h = canvas.clientHeight, before = size();
    var mx = view.x + (x - w / 2) / before, my = view.y + (y - h / 2) / before;
    view.zoom = Math.max(1, Math.min(40, view.zoom * factor));
    view.x = mx - (x - w / 2) / size(); view.y = my - (y - h / 2) / size();
    if (view.zoom === 1) { view.x = 0; view.y = 0; }
    redraw();
  }
  function place(event) { var box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; }
  function isDrawing() { return document.querySelector("[data-map-mode]:checked").value === "draw"; }

  function listen() {
    canvas.addEventListener("pointerdown", function (e) {
      var p = place(e); canvas.setPointerCapture(e.pointerId);
      drag = { from: p, x: view.x, y: view.y, moved: false, line: isDrawing() ? [p] : null };
    });
    canvas.addEventListener("pointermove", function (e) {
      var p = place(e);
      if (!drag) { tell(nearest(p[0], p[1], 14)); return; }
      drag.moved = drag.moved || Math.hypot(p[0] - drag.from[0], p[1] - drag.from[1]) > 4;
      if (drag.line) drag.line.push(p);
      else { view.x = drag.x - (p[0] - drag.from[0]) / size(); view.y = drag.y - (p[1] - drag.from[1]) / size(); }
      redraw();
    });
    canvas.addEventListener("pointerup", function (e) {
      var p = place(e), was = drag; drag = null;
      if (!was) return;
      if (!was.moved) choose(nearest(p[0], p[1], 14));
      else if (was.line) { for (var i = 0; i < points.ids.length; i++) if (inside(screenX(i), screenY(i), was.line)) chosen.add(i); changed(); }
      redraw();
    });
    canvas.addEventListener("pointercancel", function () { drag = null; redraw(); });
    canvas.addEventListener("pointerleave", function () { if (!drag && document.activeElement !== canvas) tell(-1); });
    // Only with the control key held or while the map has the focus, so that the page can be scrolled past it.
    canvas.addEventListener("wheel", function (e) {
      if (!e.ctrlKey && document.activeElement !== canvas) return;
      e.preventDefault(); var p = place(e); zoom(e.deltaY < 0 ? 1.2 : 1 / 1.2, p[0], p[1]);
    }, { passive: false });
    canvas.addEventListener("keydown", function (e) {
      var way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
      if (way) {
        e.preventDefault();
        if (at < 0) { tell(nearest(canvas.clientWidth / 2, canvas.clientHeight / 2, Infinity)); return; }
        var best = -1, least = Infinity, x = screenX(at), y = screenY(at);
        for (var i = 0; i < points.ids.length; i++) {
          var dx = screenX(i) - x, dy = screenY(i) - y, along = dx * way[0] + dy * way[1], aside = Math.abs(dx * way[1]) + Math.abs(dy * way[0]);
          if (i !== at && along > 0.5 && along >= aside && along + 2 * aside < least) { least = along + 2 * aside; best = i; }
        }
        if (best >= 0) { tell(best); var sx = screenX(best), sy = screenY(best); if (sx < 0 || sy < 0 || sx > canvas.clientWidth || sy > canvas.clientHeight) { view.x = points.x[best]; view.y = points.y[best]; tell(best); } }
      } else if (e.key === "Enter" || e.key === " ") { e.preventDefault(); choose(at); }
      else if (e.key === "+" || e.key === "-") { e.preventDefault(); zoom(e.key === "+" ? 1.4 : 1 / 1.4, at >= 0 ? screenX(at) : canvas.clientWidth / 2, at >= 0 ? screenY(at) : canvas.clientHeight / 2); }
      else if (e.key === "Escape") tell(-1);
    });
    document.querySelectorAll("[data-map-mode]").forEach(function (mode) { mode.addEventListener("change", redraw); });
    one("whole").addEventListener("click", function () { view = { x: 0, y: 0, zoom: 1 }; redraw(); });
    one("clear").addEventListener("click", function () { chosen.clear(); changed(); });
    // What is coloured by stands in the address, so that it can be passed on.
    colourBy.addEventListener("change", function () {
      var address = new URL(location.href); address.searchParams.set("colour", colourBy.value); history.replaceState(null, "", address);
      colour(); redraw();
    });
    window.addEventListener("resize", redraw);
    var recolour = function () { colour(); redraw(); };
    document.addEventListener("themechange", recolour);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
  }

  fetch(canvas.dataset.map, { headers: { Accept: "application/json" } }).then(function (answer) {
    if (!answer.ok) throw new Error(answer.status);
    return answer.json();
  }).then(function (found) {
    points = found; one("tools").hidden = false;
    // What the shop does not say of its products is not offered.
    Array.from(colourBy.options).forEach(function (option) { option.hidden = option.disabled = !points[option.value].some(Boolean); });
    if (colourBy.selectedOptions[0].disabled) { var fit = Array.from(colourBy.options).find(function (option) { return !option.disabled; }); if (fit) colourBy.value = fit.value; }
    colour(); listen(); changed();
  }).catch(function () { told.textContent = "The map could not be loaded. Reload the page; the table below has the same products."; });
})();
