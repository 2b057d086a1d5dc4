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
 * What tells children apart: `key` names one for good, the others stand in for each other where their `kind` is the same.
 * @typedef {{key: string, kind: string}} Child
 */

/**
 * Which child that is there becomes which that is wanted: a keyed one is found wherever it stands, another only in its turn.
 * @param {Child[]} present
 * @param {Child[]} wanted
 * @returns {number[]} for each wanted child the place of its twin in `present`, or -1 for a new one
 */
export function twinsOf(present, wanted) {
  const left = present.map((child, place) => ({ ...child, place }));
  return wanted.map(({ key, kind }) => {
    const at = key ? left.findIndex((child) => child.key === key) : 0;
    const found = left[at];
    if (!found || found.key !== key || found.kind !== kind) return -1;
    left.splice(at, 1);
    return found.place;
  });
}

/** @param {Node} node @returns {Child} */
function childOf(node) {
  return { key: (node instanceof HTMLElement && node.dataset.key) || "", kind: node.nodeName };
}

/**
 * Makes `current` equal to `next`, keeping every element that can stay.
 * @param {Element} current
 * @param {Element} next
 */
export function morph(current, next) {
  if (current instanceof HTMLFormElement && current.dataset.sent) return; // it is on its way
  syncAttributes(current, next);
  const present = [...current.childNodes];
  const wanted = [...next.childNodes];
  const twins = twinsOf(present.map(childOf), wanted.map(childOf));
  // What goes, goes first: the rows below it then need not be taken out and put back.
  present.forEach((node, place) => twins.includes(place) || node.remove());
  let place = current.firstChild;
  wanted.forEach((node, index) => {
    const kept = present[twins[index]];
    if (!kept) {
      current.insertBefore(node, place);
      if (node instanceof HTMLElement && node.dataset.row !== undefined) node.classList.add("is-new");
      return;
    }
    if (kept === place) place = place.nextSibling;
    else current.insertBefore(kept, place);
    if (kept instanceof Element && node instanceof Element) morph(kept, node);
    else if (kept.nodeValue !== node.nodeValue) kept.nodeValue = node.nodeValue;
  });
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
