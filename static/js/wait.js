/**
 * Looks every few seconds whether a place on the wait list has become an offer, or something else: the server has the
 * words. The secret of a link that is opened again, where its session lives already, leaves the address.
 */

const EVERY = 10_000;

const page = document.querySelector("[data-wait]");
const ENDED = new Set(["booked", "left", "expired"]);

/** @param {HTMLElement} shown */
function watch(shown) {
  const timer = setInterval(async () => {
    const state = await fetch(location.pathname, { headers: { Accept: "application/json" }, credentials: "same-origin" })
      .then((response) => response.json())
      .then((answer) => answer.state ?? answer.error?.code)
      .catch(() => null);
    if (state === null || state === shown.dataset.wait) return;
    clearInterval(timer);
    location.reload();
  }, EVERY);
}

function forgetSecret() {
  if (location.hash) history.replaceState(null, "", location.pathname);
}

addEventListener("hashchange", forgetSecret);
forgetSecret();
if (page instanceof HTMLElement && !ENDED.has(page.dataset.wait ?? "")) watch(page);
