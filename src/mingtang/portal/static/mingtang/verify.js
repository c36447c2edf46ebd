// The reader's own browser checks a publication: its fingerprint, its place in the log, and the signature under the
// log's root. What this browser has seen signed before is remembered, so that a rewritten past is noticed.
(() => {
  "use strict";
  const box = document.getElementById("browser-check");
  if (!box || !window.crypto || !crypto.subtle) return;
  const text = new TextEncoder();
  const join = (...parts) => {
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    parts.reduce((place, part) => (all.set(part, place), place + part.length), 0);
    return all;
  };
  const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const unhex = (words) => Uint8Array.from(words.match(/../g) || [], (pair) => parseInt(pair, 16));
  const unbase64 = (words) => Uint8Array.from(atob(words), (sign) => sign.charCodeAt(0));
  const say = (good, words) => {
    box.hidden = false;
    box.className = good ? "notice good" : "notice warning";
    box.textContent = words;
  };

  async function rootOf(entry) {
    let value = await sha256(new Uint8Array([0]), text.encode(entry.leaf));
    let here = entry.index, last = entry.checkpoint_size - 1;
    for (const other of entry.proof.map(unhex)) {
      if (here % 2 || here === last) {
        value = await sha256(new Uint8Array([1]), other, value);
        while (here && here % 2 === 0) { here = Math.floor(here / 2); last = Math.floor(last / 2); }
      } else {
        value = await sha256(new Uint8Array([1]), value, other);
      }
      here = Math.floor(here / 2);
      last = Math.floor(last / 2);
    }
    return last === 0 ? value : new Uint8Array();
  }

  // Returns true or false, or null where this browser knows no Ed25519.
  async function signedBy(note, verifiers) {
    const [body, signatures] = note.split("\n\n— ");
    for (const line of verifiers.trim().split("\n")) {
      const [name, , ...rest] = line.split("+");
      const key = unbase64(rest.join("+")).slice(1);
      for (const signature of signatures.split("\n— ")) {
        const [signer, value] = signature.trim().split(" ");
        if (signer !== name) continue;
        try {
          const made = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
          if (await crypto.subtle.verify("Ed25519", made, unbase64(value).slice(4), text.encode(body + "\n"))) return true;
        } catch (error) { return null; }
      }
    }
    return false;
  }

  async function check() {
    const proof = await (await fetch(box.dataset.proof)).json();
    const record = box.dataset.record ? new Uint8Array(await (await fetch(box.dataset.record)).arrayBuffer()) : null;
    const verifiers = await (await fetch(box.dataset.key)).text();
    let signature = true, live = null;
    for (const entry of proof.entries) {
      if (!entry.checkpoint_size) continue;
      const note = proof.checkpoints[entry.checkpoint_size];
      const lines = note.split("\n");
      const root = await rootOf(entry);
      if (hex(root) !== hex(unbase64(lines[2])) || Number(lines[1]) !== entry.checkpoint_size) {
        return say(false, `不符：日志第${entry.index}号的证明对不上总指纹。请不要依据这份内容办事，并向发布机关反映。`);
      }
      const said = await signedBy(note, verifiers);
      if (said === false) return say(false, "不符：总指纹的签名不对。请不要依据这份内容办事，并向发布机关反映。");
      if (said === null) signature = null;
      if (entry.kind === "published" && entry.edition === proof.live_edition) live = entry;
      const key = `mingtang-root-${entry.checkpoint_size}`;
      try {
        const seen = localStorage.getItem(key);
        if (seen && seen !== lines[2]) return say(false, "不符：这个浏览器以前见过的总指纹和现在的不一样，日志被改写过。");
        localStorage.setItem(key, lines[2]);
      } catch (error) { /* nothing can be remembered here */ }
    }
    if (record && live) {
      const salted = hex(await sha256(text.encode(live.salt + "\n"), record));
      if (salted !== JSON.parse(live.leaf).payload) {
        return say(false, "不符：内容和公开时的指纹不一样。请不要依据这份内容办事，并向发布机关反映。");
      }
    }
    const time = new Date().toLocaleString("zh-CN");
    const signed = signature === null ? "（这个浏览器不会验签名，签名请用命令行核验）" : "，签名有效";
    return say(true, `您的浏览器刚刚（${time}）自己算了一遍：${record ? "内容没有改动，" : ""}${proof.entries.length}条记录都在日志里${signed}。`);
  }
  check().catch(() => say(false, "没能在浏览器里核验：取不到证明文件。过一会儿再试，或者用下面的程序自己算。"));
})();
