/**
 * Puts a newer board in place of the one on the page without pulling anything from under a hand.
 * Elements with a `data-key` keep their identity; what is under the pointer or the focus never moves.
 */

/** @param {Element} board @returns {string[]} the keys in reading order, without what is folded away */
export function keysOf(board) {
  const keys = [];
  for (const element of board.querySelectorAll("[data-key]")) {
    const folded = element.parentElement?.closest("details:not([open])");
    if (!folded) keys.push(/** @type {HTMLElement} */ (element).dataset.key ?? "");
  }
  return keys;
}

/**
 * Whether a held element would stand somewhere else, or be gone: anything above it differs.
 * @param {string[]} before
 * @param {string[]} after
 * @param {string} held key of the element under pointer or focus
 */
export function wouldMove(before, after, held) {
  const index = before.indexOf(held);
  if (index < 0) return false;
  return before.slice(0, index + 1).some((key, place) => after[place] !== key);
}

/** @param {string[]} before @param {string[]} after @returns {string[]} rows that were not there before */
export function newRows(before, after) {
  const known = new Set(before);
  return after.filter((key) => /^[0-9a-f-]{36}$/.test(key) && !known.has(key));
}

/** @param {string} html @returns {Element} */
export function parseBoard(html) {
  const board = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  if (!board) throw new Error("the board that came is empty");
  return document.importNode(board, true);
}

/**
 * Only the words of rows that stand in both: tags, minutes, notes. Nothing moves.
 * @param {Element} current
 * @param {Element} next
 */
export function refreshWords(current, next) {
  for (const tag of current.querySelectorAll("[data-key] .hc-qtag, [data-key].hc-next p")) {
    const owner = tag.closest("[data-key]");
    const key = owner instanceof HTMLElement ? owner.dataset.key : "";
    const twin = next.querySelector(`[data-key="${key}"]`);
    const same = tag.classList.contains("hc-qtag") ? twin?.querySelector(".hc-qtag") : undefined;
    if (same && same.innerHTML !== tag.innerHTML) tag.replaceChildren(...same.cloneNode(true).childNodes);
  }
}

/**
 * Makes `current` equal to `next`, keeping every element that can stay.
 * @param {Element} current
 * @param {Element} next
 */
export function morph(current, next) {
  if (current instanceof HTMLFormElement && current.dataset.sent) return; // it is on its way
  syncAttributes(current, next);
  const keyed = new Map();
  for (const child of current.children) {
    if (child instanceof HTMLElement && child.dataset.key) keyed.set(child.dataset.key, child);
  }
  let place = current.firstChild;
  for (const wanted of [...next.childNodes]) {
    const kept = twinOf(wanted, place, keyed);
    if (!kept) {
      current.insertBefore(wanted, place);
      if (wanted instanceof HTMLElement && wanted.dataset.row !== undefined) wanted.classList.add("is-new");
      continue;
    }
    if (kept === place) place = place.nextSibling;
    else current.insertBefore(kept, place);
    if (kept instanceof Element && wanted instanceof Element) morph(kept, wanted);
    else if (kept.nodeValue !== wanted.nodeValue) kept.nodeValue = wanted.nodeValue;
  }
  while (place) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
}

/**
 * @param {Node} wanted
 * @param {Node|null} place what stands there now
 * @param {Map<string, HTMLElement>} keyed
 * @returns {Node|null}
 */
function twinOf(wanted, place, keyed) {
  if (wanted instanceof HTMLElement && wanted.dataset.key) return keyed.get(wanted.dataset.key) ?? null;
  if (!place || place.nodeType !== wanted.nodeType) return null;
  if (wanted instanceof Element) {
    const keyedPlace = place instanceof HTMLElement && place.dataset.key;
    return !keyedPlace && place.nodeName === wanted.nodeName ? place : null;
  }
  return place;
}

/** What the page itself put on an element stays: selection, an open fold, the place in the tab order. */
const OWN = new Set(["open", "tabindex"]);

/** @param {Element} current @param {Element} next */
function syncAttributes(current, next) {
  const selected = current.classList.contains("is-selected");
  for (const { name } of [...current.attributes]) {
    if (!OWN.has(name) && !next.hasAttribute(name)) current.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (!OWN.has(name) && current.getAttribute(name) !== value) current.setAttribute(name, value);
  }
  if (selected) current.classList.add("is-selected");
}
