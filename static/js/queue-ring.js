/** Somebody waits whom nobody has called: the board sounds again and again until it is said that this was seen. */

import { announce } from "./dom.js";
import { chime } from "./level.js";
import { post } from "./forms.js";
import { gettext } from "./words.js";

const EVERY = 20_000;

/**
 * What is new among those who ring, and whether anything rings here at all.
 * @param {string[]} before keys of the banners that were there
 * @param {string[]} after
 */
export function change(before, after) {
  return { fresh: after.filter((key) => !before.includes(key)), rings: after.length > 0 };
}

/** @param {HTMLElement} board */
export function ringOn(board) {
  /** @type {string[]} */
  let known = [];
  /** @type {ReturnType<typeof setInterval>|undefined} */
  let timer;
  const look = () => {
    const { fresh, rings } = change(known, keysOn(board));
    known = keysOn(board);
    if (!rings) {
      clearInterval(timer);
      timer = undefined;
      return;
    }
    if (!fresh.length) return;
    announce(gettext("A patient waits beyond their time, and nobody has called them."));
    sound();
    timer ??= setInterval(sound, EVERY);
  };
  // Who only watches does not answer for it.
  if (board.matches(".hc-board-watching")) return;
  new MutationObserver(look).observe(board, { childList: true, subtree: true });
  board.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.matches("[data-seen-form]")) return;
    event.preventDefault();
    void seen(form, look);
  });
  look();
}

/** @param {HTMLElement} board @returns {string[]} */
function keysOn(board) {
  const boxes = /** @type {NodeListOf<HTMLElement>} */ (board.querySelectorAll("[data-ring]"));
  return [...boxes].map((box) => box.dataset.key ?? "");
}

/** A browser opens sound only after a press on the page. */
function sound() {
  if (navigator.userActivation?.hasBeenActive) chime();
}

/** @param {HTMLFormElement} form @param {() => void} then */
async function seen(form, then) {
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  const answer = await post(form.action, new FormData(form));
  delete form.dataset.busy;
  if (answer.error) {
    location.reload();
    return;
  }
  form.closest("[data-ring]")?.remove();
  then();
}
