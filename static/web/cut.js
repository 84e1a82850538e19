// A slider beside the number of customers: what the first so many of them are worth is told while it moves.
(function () {
  "use strict";
  const box = document.querySelector(".cut-slider");
  const size = document.querySelector("#size");
  if (box && size) {
    const cuts = JSON.parse(box.dataset.cuts);
    const slider = box.querySelector("input");
    const told = document.querySelector("#cut-told");
    const nearest = (wanted) => {
      const at = cuts.findIndex(([first]) => first >= wanted);
      return at < 0 ? cuts.length - 1 : at;
    };
    const tell = (at) => {
      if (!cuts[at]) return;
      told.textContent = `The first ${cuts[at][0].toLocaleString("en")}: ${cuts[at][1]}.`;
      slider.setAttribute("aria-valuetext", told.textContent);
    };
    slider.max = String(cuts.length - 1);
    slider.value = String(nearest(Number(size.value)));
    slider.addEventListener("input", () => {
      size.value = String(cuts[Number(slider.value)][0]);
      tell(Number(slider.value));
    });
    size.addEventListener("input", () => {
      const at = nearest(Number(size.value));
      slider.value = String(at);
      tell(at);
    });
    tell(Number(slider.value));
    box.hidden = false;
  }
})();
