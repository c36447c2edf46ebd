// Keyboard: j/k move, Enter opens, a first action, / search. Never while somebody is typing.
(() => {
  "use strict";
  let place = -1;
  const rows = () => Array.from(document.querySelectorAll("[data-row]"));
  const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    if (all[place]) all[place].classList.remove("here");
    place = Math.min(Math.max(place + step, 0), all.length - 1);
    all[place].classList.add("here");
    all[place].scrollIntoView({ block: "nearest" });
    const link = all[place].querySelector("a");
    if (link) link.focus({ preventScroll: true });
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "a") document.querySelector("[data-action], .row-end button, .row-end .button.primary")?.focus();
    else if (event.key === "/") {
      const search = document.querySelector("input[type=search]");
      if (!search) return;
      search.focus();
      event.preventDefault();
    }
  });

  const faults = document.getElementById("faults");
  if (faults) faults.focus();
})();
