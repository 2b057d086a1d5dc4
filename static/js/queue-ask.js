/** Asks before somebody is called in while another patient is with you, who is then put on hold. Without it the form just posts. */

import { ask } from "./dialog.js";
import { make, need } from "./dom.js";
import { gettext, interpolate } from "./words.js";

/**
 * @param {string} who given name of the patient to be called in
 * @param {string[]} present given names of those who are with you now
 */
export function wordsFor(who, present) {
  const several = present.length > 1;
  const last = present[present.length - 1];
  const names = several ? interpolate(gettext("%(names)s and %(last)s"), { names: present.slice(0, -1).join(", "), last }) : last;
  const why = several
    ? gettext("You are with %(names)s. Their visits stay open, and they are told that you come back.")
    : gettext("You are with %(names)s. The visit stays open, and %(names)s is told that you come back.");
  return {
    question: interpolate(gettext("Put %(names)s on hold?"), { names }),
    why: interpolate(why, { names }),
    yes: interpolate(gettext("Put on hold, call %(name)s in"), { name: who }),
    no: interpolate(gettext("Stay with %(names)s"), { names }),
  };
}

/** @param {ParentNode} board */
function presentOn(board) {
  const rows = /** @type {NodeListOf<HTMLElement>} */ (board.querySelectorAll("[data-row][data-state=in-call]:not([data-elsewhere])"));
  return [...rows].map((row) => row.dataset.given ?? "");
}

/**
 * Listens on the board, so it hears every button and key, in whatever redraw the form came.
 * @param {HTMLElement} board
 */
export function askBeforeCallingIn(board) {
  const dialog = /** @type {HTMLDialogElement} */ (need(document, "[data-ask-call-in]"));
  /** @type {HTMLFormElement|null} the form whose question was answered with yes */
  let agreed = null;
  board.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.matches(".hc-call-in:not([data-seen-form])") || form === agreed || form.dataset.sent) return;
    const present = presentOn(board);
    if (!present.length) return;
    event.preventDefault();
    if (dialog.open) return;
    const words = wordsFor(form.dataset.given ?? "", present);
    for (const [name, text] of Object.entries(words)) need(dialog, `[data-ask-${name}]`).textContent = text;
    const answer = await ask(dialog);
    const standing = sameForm(board, form);
    if (answer === "call") {
      agreed = standing ?? revived(form);
      agreed.append(make("input", { type: "hidden", name: "hold", value: "yes" }));
      agreed.requestSubmit();
    }
    if (answer !== "call" && !form.isConnected) standing?.querySelector("button")?.focus();
  });
  window.addEventListener("pageshow", () => (agreed = null));
}

/** A redraw may have put another form in its place. @param {HTMLElement} board @param {HTMLFormElement} form */
function sameForm(board, form) {
  if (form.isConnected) return form;
  const forms = /** @type {HTMLFormElement[]} */ ([...board.querySelectorAll("form.hc-call-in")]);
  return forms.find((each) => each.action === form.action && named(each) === named(form)) ?? null;
}

/** Whom the button for the next in line named. @param {HTMLFormElement} form */
const named = (form) => new FormData(form).get("named");

/** The patient has left the line meanwhile: the server says so in its own words. @param {HTMLFormElement} form */
function revived(form) {
  form.hidden = true;
  document.body.append(form);
  return form;
}
