// The page without a connection: goes on to the page that was wanted as soon as the house answers. It stands in the page itself.
(() => {
  "use strict";

  const HERE = "/offline/";
  const ASK = "/healthz";
  const PATIENCE = 8000;
  const EVERY = 15_000;
  const button = /** @type {HTMLButtonElement} */ (document.querySelector("[data-again]"));
  const said = /** @type {HTMLElement} */ (document.querySelector("[data-said]"));
  const word = button.textContent;
  let isAsking = false;

  /** Whoever has this page's own address wanted no other. */
  function goOn() {
    if (location.pathname === HERE) location.replace("/");
    else location.reload(); // keeps what stands behind the # of a personal link
  }

  async function isThere() {
    try {
      return (await fetch(ASK, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) })).ok;
    } catch {
      return false;
    }
  }

  /** Looks before it leaves: a page that only came again would not have said anything. */
  async function tryAgain() {
    if (isAsking) return false;
    isAsking = true;
    const found = await isThere();
    isAsking = false;
    if (found) goOn();
    return found;
  }

  async function press() {
    if (button.getAttribute("aria-busy") === "true") return;
    button.style.minWidth = `${button.offsetWidth}px`;
    button.setAttribute("aria-busy", "true");
    button.textContent = button.dataset.busy ?? word;
    said.textContent = "";
    if (await tryAgain()) return;
    button.removeAttribute("aria-busy");
    button.textContent = word;
    said.textContent = button.dataset.still ?? "";
  }

  button.addEventListener("click", () => void press());
  window.addEventListener("online", () => void tryAgain());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void tryAgain();
  });
  // A device in a Wi-Fi that leads nowhere is not told when that ends.
  window.setInterval(() => {
    if (navigator.onLine && location.pathname !== HERE) void tryAgain();
  }, EVERY);
})();
