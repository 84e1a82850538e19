// Names are offered while somebody writes a condition: arrow keys choose, Enter or Tab takes, Escape closes.
(function () {
  "use strict";
  var count = 0;
  function attach(box) {
    var list = document.createElement("ul");
    list.id = "complete-" + count++;
    list.className = "completions";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Names that may stand here");
    list.hidden = true;
    box.after(list);
    box.setAttribute("role", "combobox");
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-controls", list.id);
    var found = [], chosen = -1, waiting, asked = 0;
    function close() { list.hidden = true; chosen = -1; box.setAttribute("aria-expanded", "false"); box.removeAttribute("aria-activedescendant"); }
    function mark(at) {
      chosen = at;
      Array.prototype.forEach.call(list.children, function (item, n) { item.setAttribute("aria-selected", String(n === at)); });
      if (at < 0) { box.removeAttribute("aria-activedescendant"); return; }
      box.setAttribute("aria-activedescendant", list.children[at].id);
      list.children[at].scrollIntoView({ block: "nearest" });
    }
    function take(at) {
      var one = found[at], end = box.selectionStart;
      box.setRangeText(one.text, end - one.replaces, end, "end");
      close();
      box.focus();
      box.dispatchEvent(new Event("input", { bubbles: true }));
    }
    function show(all) {
      found = all;
      list.textContent = "";
      all.forEach(function (one, at) {
        var item = document.createElement("li"), name = document.createElement("code"), meaning = document.createElement("span");
        item.id = list.id + "-" + at;
        item.setAttribute("role", "option");
        name.textContent = one.text;
        meaning.textContent = one.meaning;
        item.append(name, meaning);
        item.addEventListener("mousedown", function (event) { event.preventDefault(); take(at); });
        list.append(item);
      });
      if (!all.length) { close(); return; }
      list.hidden = false;
      box.setAttribute("aria-expanded", "true");
      mark(-1);
      list.scrollIntoView({ block: "nearest" });
    }
    function ask() {
      var mine = ++asked, before = Array.from(box.value.slice(0, box.selectionStart));
      // Replaced are characters as the server counts them; what stands before the cursor is short.
      fetch(box.dataset.complete + "?before=" + encodeURIComponent(before.join("")), { credentials: "same-origin" })
        .then(function (answer) { return answer.ok ? answer.json() : []; })
        .then(function (all) { if (mine === asked && document.activeElement === box) show(all); })
        .catch(close);
    }
    box.addEventListener("input", function () { clearTimeout(waiting); waiting = setTimeout(ask, 120); });
    box.addEventListener("blur", close);
    box.addEventListener("keydown", function (event) {
      if (list.hidden) return;
      if (event.key === "ArrowDown") mark((chosen + 1) % found.length);
      else if (event.key === "ArrowUp") mark((chosen + found.length - 1) % found.length);
      else if (event.key === "Escape") close();
      else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) take(chosen);
      else return;
      event.preventDefault();
    });
  }
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("textarea[data-complete]").forEach(attach);
  });
})();
