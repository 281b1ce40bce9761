// Keeps the page current: fetches the same address, swaps the parts that changed, leaves scroll and typed text alone.
(() => {
  "use strict";
  const PERIOD = 2000, HIDDEN_PERIOD = 15000, COVER_AGAIN = 60000;
  const uncovered = new Map();
  const root = document.querySelector("[data-refresh]");
  const address = root ? root.dataset.refresh : document.getElementById("live-list") ? location.href : "";
  const headers = { "x-fragment": "1" };
  const field = (within, name) => within.querySelector(`[data-field="${CSS.escape(name)}"]`);

  function atEnd(box) {
    return box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  }

  // A button about to be pressed or a film that plays is not pulled away.
  function inUse(part) {
    const active = document.activeElement;
    return part.contains(active) && active.form || [...part.querySelectorAll("video, audio")].some((one) => !one.paused);
  }

  function swap(fresh) {
    for (const [name, node] of uncovered) field(fresh, name)?.replaceWith(node.cloneNode(true));
    for (const part of fresh.querySelectorAll("[data-live]")) {
      const old = document.getElementById(part.id);
      if (!old || old.outerHTML === part.outerHTML || inUse(old)) continue;
      const link = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
      const stick = part.id === "live-thread" && atEnd(old), top = old.scrollTop;
      old.replaceWith(part);
      part.scrollTop = stick ? part.scrollHeight : top;
      if (link) part.querySelector(`a[href="${CSS.escape(link)}"]`)?.focus({ preventScroll: true });
    }
    follow();
  }

  function follow() {
    const form = document.getElementById("reply"), head = document.getElementById("live-head");
    const list = document.getElementById("live-list");
    if (list) document.title = document.title.replace(/^(\(\d+\) )?/, list.dataset.waiting > 0 ? `(${list.dataset.waiting}) ` : "");
    if (!form || !head) return;
    // What came in while the box was empty has been seen; from the first letter on the server asks before sending.
    if (!form.text.value) form.seen.value = head.dataset.seq;
    const closed = document.getElementById("live-notice").dataset.closed === "1";
    form.text.disabled = closed;
    form.querySelector("button").disabled = closed;
  }

  const parse = (html) => new DOMParser().parseFromString(html, "text/html");

  async function refresh() {
    try {
      const answer = await fetch(address, { headers, cache: "no-store" });
      if (answer.status === 401) return location.reload();
      if (answer.ok) swap(parse(await answer.text()));
    } catch {
      // The line is down for a moment: the page stays as it is and the next round tries again.
    }
    setTimeout(refresh, document.hidden ? HIDDEN_PERIOD : PERIOD);
  }

  async function reveal(form) {
    const name = form.elements.field.value;
    const answer = await fetch(form.action, { method: "POST", headers, body: new URLSearchParams(new FormData(form)) });
    if (!answer.ok) return form.submit();
    const node = field(parse(await answer.text()), name);
    if (!node) return;
    uncovered.set(name, node);
    field(document, name)?.replaceWith(node.cloneNode(true));
    setTimeout(() => uncovered.delete(name), COVER_AGAIN);
  }

  document.addEventListener("submit", (event) => {
    if (event.target.classList.contains("reveal")) {
      event.preventDefault();
      reveal(event.target);
    } else if (event.target.method === "post") {
      // The server drops a second press; the button shows that the first one was heard.
      for (const button of event.target.querySelectorAll("button")) setTimeout(() => (button.disabled = true));
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form?.id === "reply") event.target.form.requestSubmit();
  });

  const thread = document.getElementById("live-thread");
  if (thread) thread.scrollTop = thread.scrollHeight;
  if (address) setTimeout(refresh, PERIOD);
})();
