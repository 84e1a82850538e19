// Offers every chart of a report as PNG beside its SVG, drawn by the browser: <a href="….svg" download data-picture>.
// Without a script the SVG stays.
(function () {
  "use strict";
  var SCALE = 2;
  function save(address, name) {
    var link = document.createElement("a");
    link.href = address;
    link.download = name;
    document.body.appendChild(link);
    link.click();
    link.remove();
  }
  function draw(svg, name, done) {
    var picture = new Image();
    picture.onload = function () {
      var canvas = document.createElement("canvas");
      canvas.width = picture.naturalWidth * SCALE;
      canvas.height = picture.naturalHeight * SCALE;
      var pen = canvas.getContext("2d");
      pen.fillStyle = "#ffffff";
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
      save(canvas.toDataURL("image/png"), name);
      done();
    };
    picture.onerror = done;
    picture.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(svg);
  }
  function offer(link) {
    var button = document.createElement("button");
    button.type = "button";
    button.className = "link-button";
    button.textContent = "PNG";
    button.setAttribute("aria-label", link.textContent + " as PNG");
    button.addEventListener("click", function () {
      button.disabled = true;
      var name = link.getAttribute("href").split("?")[0].split("/").slice(-1)[0].replace(/\.svg$/, ".png");
      function done() { button.disabled = false; }
      fetch(link.href).then(function (answer) {
        if (!answer.ok) throw new Error(answer.status);
        return answer.text();
      }).then(function (svg) { draw(svg, name, done); }, done);
    });
    link.after(" · ", button);
  }
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("a[data-picture]").forEach(offer);
  });
})();
