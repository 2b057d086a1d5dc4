/** What the pages of a visit send about its recording. The addresses and the words' version stand in the page. */

import { post } from "./forms.js";

/** @typedef {import("./forms.js").Answer} Answer */

/** The address of erasing is written for this recording; the real one takes its place. */
const NO_RECORDING = "00000000-0000-0000-0000-000000000000";

export class RecordServer {
  #form;

  /** @param {HTMLFormElement} form holds the CSRF token, the version of the words, and the addresses */
  constructor(form) {
    this.#form = form;
  }

  /** @param {"permit"|"deny"} decision */
  answer(decision) {
    return this.#send(this.#form.dataset.consent, { decision });
  }

  start() {
    return this.#send(this.#form.dataset.start);
  }

  stop() {
    return this.#send(this.#form.dataset.stop);
  }

  /** @param {string} recording */
  erase(recording) {
    return this.#send(this.#form.dataset.erase?.replace(NO_RECORDING, recording));
  }

  /**
   * @param {string|undefined} address
   * @param {Record<string, string>} [fields]
   * @returns {Promise<Answer>}
   */
  #send(address, fields = {}) {
    if (!address) throw new Error("this page has no such address");
    const data = new FormData(this.#form);
    for (const [name, value] of Object.entries(fields)) data.set(name, value);
    return post(address, data);
  }
}
