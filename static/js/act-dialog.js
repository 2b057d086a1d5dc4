/** A dialog whose buttons do something at the server: busy while that lasts, and open with the reason when it fails. */

import { need } from "./dom.js";
import { busyButton, isStale } from "./forms.js";

/** @typedef {import("./forms.js").Answer} Answer */

export class ActDialog {
  #dialog;
  #act;
  #onClose;
  #error;
  /** @type {Element|null} */
  #before = null;
  #busy = false;
  /** From its opening until its answer was heard. */
  #asking = false;

  /**
   * @param {HTMLDialogElement} dialog its buttons carry `value`; "" is the safe answer, as is Esc
   * @param {(value: string) => Promise<Answer>|null} act null where nothing is to be waited for
   * @param {(value: string) => void} [onClose]
   */
  constructor(dialog, act, onClose = () => {}) {
    this.#dialog = dialog;
    this.#act = act;
    this.#onClose = onClose;
    this.#error = need(dialog, "[data-dialog-error]");
    for (const button of dialog.querySelectorAll("button")) {
      button.addEventListener("click", () => this.#press(button));
    }
    need(this.#error, "button").addEventListener("click", () => location.reload());
    dialog.addEventListener("close", () => this.settle());
  }

  get isOpen() {
    return this.#dialog.open;
  }

  open() {
    if (this.#dialog.open) return;
    this.settle();
    this.#asking = true;
    this.#before = document.activeElement;
    this.#error.hidden = true;
    this.#dialog.returnValue = "";
    this.#dialog.showModal();
  }

  /** A dialog is shut at once and says so a task later: what comes in between is to know the answer already. */
  settle() {
    if (this.#asking && !this.#dialog.open) this.#closed();
  }

  /** @param {string} [value] */
  close(value = "") {
    if (this.#dialog.open) this.#dialog.close(value);
  }

  /** @param {HTMLButtonElement} button */
  async #press(button) {
    if (this.#busy || this.#error.contains(button)) return;
    const acting = button.value ? this.#act(button.value) : null;
    if (!acting) {
      this.close(button.value);
      return;
    }
    this.#busy = true;
    this.#error.hidden = true;
    const release = busyButton(button);
    const answer = await acting;
    release();
    this.#busy = false;
    if (answer.error) this.#refused(answer.error);
    else this.close(button.value);
  }

  /** @param {NonNullable<Answer["error"]>} error */
  #refused({ code, message }) {
    need(this.#error, "p").textContent = message;
    need(this.#error, "button").hidden = !isStale(code);
    this.#error.hidden = false;
  }

  #closed() {
    this.#asking = false;
    if (this.#before instanceof HTMLElement && this.#before.isConnected) this.#before.focus();
    this.#onClose(this.#dialog.returnValue);
  }
}
