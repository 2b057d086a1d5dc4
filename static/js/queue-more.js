/** What a row has besides its one button: opened over the board, done without leaving it, and undone by the toast. */

import { make, need } from "./dom.js";
import { busyButton, post } from "./forms.js";
import { hideToast, toast } from "./toast.js";
import { gettext } from "./words.js";

/** @typedef {import("./forms.js").Answer} Answer */

const TOKEN = "csrfmiddlewaretoken";

/** @type {{token: string, ends: number}|null} what `u` takes back now */
let last = null;

/** @param {HTMLElement} board */
export function offerMore(board) {
  const dialog = document.querySelector("[data-row-more]");
  if (!(dialog instanceof HTMLDialogElement)) return;
  board.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[data-more]") : null;
    if (!(link instanceof HTMLAnchorElement) || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void open(dialog, link);
  });
  dialog.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.matches("[data-more-form]")) return;
    event.preventDefault();
    void send(dialog, form, event.submitter);
  });
  offerKept(board);
}

/** A page that cannot be read in place is gone to. @param {HTMLDialogElement} dialog @param {HTMLAnchorElement} link */
async function open(dialog, link) {
  if (dialog.open) return;
  const html = await inside(link.href);
  if (!html) {
    location.assign(link.href);
    return;
  }
  const parsed = new DOMParser().parseFromString(html, "text/html").body;
  dialog.replaceChildren(...[...parsed.childNodes].map((node) => document.importNode(node, true)));
  dialog.addEventListener("close", () => backTo(link), { once: true });
  dialog.showModal();
}

/** @param {string} address @returns {Promise<string>} */
async function inside(address) {
  try {
    const response = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    return response.ok ? String((await response.json()).html ?? "") : "";
  } catch {
    return "";
  }
}

/** The board may have been drawn again meanwhile. @param {HTMLAnchorElement} link */
function backTo(link) {
  const here = link.isConnected ? link : document.querySelector(`a[data-more][href="${CSS.escape(link.getAttribute("href") ?? "")}"]`);
  if (here instanceof HTMLElement) here.focus();
}

/** @param {HTMLDialogElement} dialog @param {HTMLFormElement} form @param {HTMLElement|null} button */
async function send(dialog, form, button) {
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  const release = button instanceof HTMLButtonElement ? busyButton(button) : () => {};
  const answer = await post(form.action, new FormData(form, button));
  release();
  delete form.dataset.busy;
  if (answer.error) {
    const box = need(dialog, "[data-more-error]");
    need(box, "p").textContent = Object.values(answer.error.fields ?? {})[0] ?? answer.error.message;
    box.hidden = false;
    return;
  }
  dialog.close();
  tell(answer);
}

/** @param {Answer} answer said, and perhaps what undoes it */
export function tell(answer) {
  const said = String(answer.said ?? "");
  if (answer.undo) offerUndo(said, String(answer.undo), Number(answer.undo_s ?? 0));
  else toast(said, { icon: "check-circle" });
}

/** @param {string} said @param {string} token @param {number} seconds */
function offerUndo(said, token, seconds) {
  last = { token, ends: performance.now() + seconds * 1000 };
  toast(said, { icon: "check-circle", button: gettext("Undo"), stays: seconds * 1000, onPress: () => undoLast() });
}

/** @returns {boolean} whether there was something to undo */
export function undoLast() {
  const board = document.querySelector("[data-undo]");
  if (!last || last.ends < performance.now() || !(board instanceof HTMLElement)) return false;
  void takeBack(board, last.token);
  last = null;
  return true;
}

/** @param {HTMLElement} board @param {string} token */
async function takeBack(board, token) {
  hideToast();
  const data = new FormData();
  data.set(TOKEN, board.dataset.csrf ?? "");
  data.set("undo", token);
  const answer = await post(board.dataset.undo ?? "", data);
  if (!answer.error) toast(String(answer.said ?? ""), { icon: "check-circle" });
  else complain(board, answer.error.message);
}

/** A toast is never the only place of an error. @param {HTMLElement} board @param {string} words */
function complain(board, words) {
  document.querySelector("[data-undo-error]")?.remove();
  const box = make("div", { class: "hc-box hc-box-error", role: "alert", "data-undo-error": true }, make("p", {}, words));
  board.before(box);
}

/** What was done on the page before, as calling somebody in. @param {HTMLElement} board */
function offerKept(board) {
  const kept = document.querySelector("[data-undo-offer]");
  if (!(kept instanceof HTMLElement) || !board.dataset.undo) return;
  offerUndo(kept.dataset.said ?? "", kept.dataset.token ?? "", Number(kept.dataset.left));
}
