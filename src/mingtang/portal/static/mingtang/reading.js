// Comfort of reading: text size, contrast and reading aloud, kept for this browser. The switches work without this
// script (see tokens.css); it remembers them, and adds what only a script can do.
(() => {
  "use strict";
  const KEY = "mingtang-reading";
  let kept = {};
  try { kept = JSON.parse(localStorage.getItem(KEY) || "{}"); } catch (error) { kept = {}; }
  for (const input of document.querySelectorAll(".reading input[type=radio]")) {
    if (kept[input.name] === input.value) input.checked = true;
    input.addEventListener("change", () => {
      kept[input.name] = input.value;
      try { localStorage.setItem(KEY, JSON.stringify(kept)); } catch (error) { /* private browsing */ }
    });
  }

  const button = document.getElementById("read-aloud");
  const text = document.querySelector("#content .paper, #content article, #content");
  if (button && text && "speechSynthesis" in window) {
    button.hidden = false;
    const stop = () => { speechSynthesis.cancel(); button.textContent = "朗读正文"; button.setAttribute("aria-pressed", "false"); };
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-pressed") === "true") { stop(); return; }
      // Long texts are spoken sentence by sentence: some browsers fall silent after a quarter of a minute.
      const sentences = text.innerText.split(/(?<=[。！？；\n])/).map((part) => part.trim()).filter(Boolean);
      const speak = (place) => {
        if (place >= sentences.length || button.getAttribute("aria-pressed") !== "true") { stop(); return; }
        const words = new SpeechSynthesisUtterance(sentences[place]);
        words.lang = document.documentElement.lang || "zh-Hans";
        words.onend = () => speak(place + 1);
        words.onerror = stop;
        speechSynthesis.speak(words);
      };
      button.textContent = "停止朗读";
      button.setAttribute("aria-pressed", "true");
      speak(0);
    });
    addEventListener("pagehide", stop);
  }

  // "days left" beside absolute dates: pages are baked and cannot know what day it is.
  const today = new Date();
  for (const due of document.querySelectorAll("time[data-due]")) {
    const left = Math.ceil((new Date(due.dateTime) - today) / 86400000);
    const note = document.createElement("span");
    note.className = "muted";
    note.textContent = left > 0 ? `（还有${left}天）` : "（已过）";
    due.after(note);
  }

  const list = document.getElementById("suggestions");
  const box = document.querySelector('input[list="suggestions"]');
  if (box && list) {
    let waiting = 0;
    box.addEventListener("input", () => {
      clearTimeout(waiting);
      const typed = box.value.trim();
      if (!typed) { list.replaceChildren(); return; }
      waiting = setTimeout(async () => {
        try {
          const answer = await fetch(`/search/suggest?q=${encodeURIComponent(typed)}`);
          if (!answer.ok) return;
          list.replaceChildren(...(await answer.json()).map((words) => Object.assign(document.createElement("option"), { value: words })));
        } catch (error) { /* suggestions are a convenience */ }
      }, 200);
    });
  }
})();
