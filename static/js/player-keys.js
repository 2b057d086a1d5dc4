/** The keys of the player. None acts while somebody types or chooses; single letters can be switched off. */

const KEY = "hc-player-letters";

/** @typedef {"toggle"|"back"|"on"|"start"|"end"|"slower"|"quicker"|"help"} Act */

/** @type {Record<string, Act>} */
const KEYS = { ArrowLeft: "back", ArrowRight: "on", Home: "start", End: "end", " ": "toggle" };
/** @type {Record<string, Act>} */
const LETTERS = { k: "toggle", j: "back", l: "on", "<": "slower", ">": "quicker", "?": "help" };

/**
 * What a key press means here; null where it belongs to what has the focus.
 * @param {{key: string, ctrlKey: boolean, altKey: boolean, metaKey: boolean, target: EventTarget|null}} event
 * @param {boolean} letters
 * @returns {Act|null}
 */
export function meaning(event, letters) {
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  const element = event.target instanceof Element ? event.target : null;
  const isRange = element?.matches("input[type=range]") ?? false;
  if (!isRange && element?.closest("input, select, textarea, [contenteditable], dialog")) return null;
  // A button, a link or a list has the space bar and the arrows for itself.
  if (!isRange && element?.closest("button, a, summary, [data-chat]") && event.key in KEYS) return null;
  return KEYS[event.key] ?? (letters ? (LETTERS[event.key] ?? null) : null);
}

/** @param {HTMLInputElement|null} box @param {(act: Act) => void} onAct */
export function listen(box, onAct) {
  if (box) {
    box.checked = stored() !== "off";
    box.addEventListener("change", () => store(box.checked ? "on" : "off"));
  }
  document.addEventListener("keydown", (event) => {
    const act = document.querySelector("dialog[open]") ? null : meaning(event, box?.checked ?? true);
    if (!act) return;
    event.preventDefault();
    onAct(act);
  });
}

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** @param {string} value */
function store(value) {
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // Then it holds for this page only.
  }
}
