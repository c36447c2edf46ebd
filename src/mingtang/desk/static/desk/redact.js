// Drawing a rectangle on a page with the mouse, a pen or a finger: fills in the four numbers that can also be typed.
(() => {
  "use strict";
  const sheet = document.querySelector("svg[data-draw]");
  if (!sheet) return;
  const sides = ["left", "top", "right", "bottom"].map((name) => document.getElementById(`id_${name}`));
  if (sides.some((side) => side === null)) return;
  const box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  box.setAttribute("class", "drawing");
  sheet.append(box);
  const size = sheet.viewBox.baseVal;
  let start = null;

  const place = (event) => {
    const frame = sheet.getBoundingClientRect();
    const within = (value, most) => Math.min(Math.max(value, 0), most);
    return [
      within(((event.clientX - frame.left) / frame.width) * size.width, size.width),
      within(((event.clientY - frame.top) / frame.height) * size.height, size.height),
    ];
  };
  const show = () => {
    const [left, top, right, bottom] = sides.map((side) => parseFloat(side.value));
    const drawn = right > left && bottom > top;
    box.setAttribute("x", drawn ? left : 0);
    box.setAttribute("y", drawn ? top : 0);
    box.setAttribute("width", drawn ? right - left : 0);
    box.setAttribute("height", drawn ? bottom - top : 0);
  };
  const fill = (from, to) => {
    const numbers = [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[0], to[0]), Math.max(from[1], to[1])];
    numbers.forEach((number, index) => { sides[index].value = number.toFixed(1); });
    show();
  };

  sheet.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    start = place(event);
    sheet.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  sheet.addEventListener("pointermove", (event) => { if (start) fill(start, place(event)); });
  sheet.addEventListener("pointerup", (event) => {
    if (!start) return;
    const end = place(event);
    if (Math.abs(end[0] - start[0]) < 2 || Math.abs(end[1] - start[1]) < 2) {
      sides.forEach((side) => { side.value = ""; });
      show();
    } else {
      fill(start, end);
      const quote = document.getElementById("id_quote");
      if (quote) quote.value = "";
      document.getElementById("id_reason")?.focus({ preventScroll: true });
    }
    start = null;
  });
  sheet.addEventListener("pointercancel", () => { start = null; });
  sides.forEach((side) => side.addEventListener("input", show));
  show();
})();
