/** What happens around the page: the network becomes another one, the page is seen again. Knows nothing of visits. */

/**
 * @param {Object} tell
 * @param {() => void} tell.moved the network is another one, and there is one
 * @param {() => void} tell.seen the page is looked at again
 */
export function watchSurroundings({ moved, seen }) {
  const network = /** @type {{connection?: EventTarget}} */ (/** @type {unknown} */ (navigator)).connection;
  for (const [source, type] of /** @type {[EventTarget|undefined, string][]} */ ([
    [window, "online"],
    [network, "change"],
  ])) {
    // What is gone says nothing; what comes next is told again.
    source?.addEventListener(type, () => navigator.onLine && moved());
  }
  document.addEventListener("visibilitychange", () => document.hidden || seen());
}
