// Light or dark: the system's choice until the button was used. Runs in the head so that no page flashes.
(function () {
  "use strict";
  var root = document.documentElement;
  function stored() { try { return localStorage.getItem("theme"); } catch (e) { return null; } }
  function shown() {
    return root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  }
  var chosen = stored();
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  document.addEventListener("DOMContentLoaded", function () {
    var button = document.querySelector("[data-theme-toggle]");
    if (button) {
      button.hidden = false;
      button.addEventListener("click", function () {
        root.dataset.theme = shown() === "dark" ? "light" : "dark";
        try { localStorage.setItem("theme", root.dataset.theme); } catch (e) { /* private window: not kept */ }
        document.dispatchEvent(new CustomEvent("themechange"));
      });
    }
    // An open menu closes when the click or the focus goes elsewhere.
    function closeMenus(event) {
      document.querySelectorAll(".account-menu[open], .nav-menu[open]").forEach(function (menu) {
        if (!menu.contains(event.target)) menu.open = false;
      });
    }
    document.addEventListener("click", closeMenus);
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape") closeMenus({ target: document.body });
    });
  });
})();
