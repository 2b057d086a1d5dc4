/** The films to take along: asked for, watched while they are made, stopped, saved. */

import { say } from "./dom.js";
import { busyButton, post } from "./forms.js";
import { gettext, interpolate } from "./words.js";

/**
 * @typedef {object} Film
 * @property {string} id
 * @property {string} kind
 * @property {string} status
 * @property {number} percent
 * @property {string} size
 */

const LOOK_EVERY_MS = 1500;

class Row {
  #here = "";

  /** @param {HTMLElement} root @param {(error: {message: string}|null, go?: string) => void} onTrouble */
  constructor(root, onTrouble) {
    this.root = root;
    this.onTrouble = onTrouble;
    this.make = this.#find("[data-export-form]", HTMLFormElement);
    this.cancel = this.#find("[data-export-cancel]", HTMLFormElement);
    this.file = this.#find("[data-export-file]", HTMLAnchorElement);
    this.words = this.#find("[data-export-words]", HTMLElement);
    this.bar = this.#find("[data-export-percent]", HTMLProgressElement);
    this.make.addEventListener("submit", (event) => this.#ask(event));
    this.cancel.addEventListener("submit", (event) => this.#stop(event));
    this.file.addEventListener("click", (event) => this.#save(event));
  }

  /** @template {HTMLElement} T @param {string} selector @param {new () => T} type @returns {T} */
  #find(selector, type) {
    const found = this.root.querySelector(selector);
    if (!(found instanceof type)) throw new Error(`the page has no ${selector}`);
    return found;
  }

  /** @param {SubmitEvent} event */
  async #ask(event) {
    const answer = await this.#send(event, this.make);
    if (answer?.error) this.onTrouble(answer.error, /** @type {{go?: string}} */ (answer.error).go);
    else if (answer) this.show(/** @type {Film} */ (answer.export));
  }

  /** @param {SubmitEvent} event */
  async #stop(event) {
    const answer = await this.#send(event, this.cancel);
    if (answer?.error) this.onTrouble(answer.error);
    else if (answer) this.show(null);
  }

  /** Null for a press while the one before is under way. @param {SubmitEvent} event @param {HTMLFormElement} form */
  async #send(event, form) {
    event.preventDefault();
    const button = form.querySelector("button");
    if (!button || button.getAttribute("aria-busy")) return null;
    this.onTrouble(null);
    const release = busyButton(button);
    const answer = await post(form.action, new FormData(form));
    release();
    return answer;
  }

  /** A refused download is silent in most browsers: whether it would be, is asked first. @param {MouseEvent} event */
  async #save(event) {
    event.preventDefault();
    this.onTrouble(null);
    const answer = await look(this.#here);
    if (!answer) this.onTrouble({ message: gettext("We cannot reach the clinic just now. Check your connection, then press Save again.") });
    else if (answer === "gone") this.show(null);
    else if (answer.proof) this.onTrouble(answer.proof, answer.proof.go);
    else if (answer.export.status === "ready") location.assign(this.file.href);
    else this.show(answer.export);
  }

  /** @param {Film|null} film */
  show(film) {
    const status = film?.status ?? "none";
    this.root.dataset.status = status;
    const isPending = status === "queued" || status === "running";
    this.make.hidden = isPending || status === "ready";
    this.cancel.hidden = !isPending;
    this.file.hidden = status !== "ready";
    this.bar.hidden = status !== "running";
    this.bar.value = film?.percent ?? 0;
    say(this.words, words(film));
    if (!film) return;
    this.#here = `${this.make.action}${film.id}/`;
    this.cancel.action = `${this.#here}cancel/`;
    this.file.href = `${this.#here}file/`;
    if (isPending) window.setTimeout(() => this.#look(film), LOOK_EVERY_MS);
  }

  /** @param {Film} before */
  async #look(before) {
    if (this.cancel.hidden) return;
    const answer = await look(this.#here);
    if (answer === "gone") this.show(null);
    // Without an answer the film is made all the same, and the next look may find it.
    else this.show(answer?.export ?? before);
  }
}

/**
 * How a film is; "gone" when there is none, null when nobody answers.
 * @param {string} address
 * @returns {Promise<{export: Film, proof: {code: string, message: string, go?: string}|null}|"gone"|null>}
 */
async function look(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (answer.status === 404) return "gone";
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** @param {Film|null} film */
export function words(film) {
  switch (film?.status) {
    case "queued":
      return gettext("Waiting for its turn");
    case "running":
      return interpolate(gettext("Being made, %(percent)s %%"), { percent: film.percent });
    case "ready":
      return interpolate(gettext("Ready, %(size)s. It can be saved for a day."), { size: film.size });
    case "failed":
      return gettext("It could not be made. The recording itself is safe; try again, or try the other kind.");
    case "expired":
      return gettext("Its day is over. It can be made again.");
    default:
      return "";
  }
}

/** @param {HTMLElement} root */
export function showExports(root) {
  const trouble = /** @type {HTMLElement} */ (root.querySelector("[data-export-trouble]"));
  const go = /** @type {HTMLAnchorElement} */ (root.querySelector("[data-export-go]"));
  /** @param {{message: string}|null} error @param {string} [address] */
  const onTrouble = (error, address) => {
    trouble.hidden = error === null;
    say(/** @type {HTMLElement} */ (root.querySelector("[data-export-trouble-words]")), error?.message ?? "");
    go.hidden = !address;
    if (address) go.href = address;
  };
  const known = JSON.parse(root.querySelector("#player-exports")?.textContent ?? "{}");
  for (const each of root.querySelectorAll("[data-export]")) {
    if (each instanceof HTMLElement) new Row(each, onTrouble).show(known[each.dataset.export ?? ""] ?? null);
  }
}
