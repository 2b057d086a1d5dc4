/** The dialog of one person in the call: how loud, whether always large, and how their line is. */

import { need, say } from "./dom.js";

/** @typedef {import("./remote-tile.js").RemoteTile} RemoteTile */

/** Some phones leave the volume to their buttons and ignore a page's wish. */
function volumeCanBeSet() {
  const probe = new Audio();
  probe.volume = 0.5;
  return probe.volume === 0.5;
}

export class PersonDialog {
  #dialog;
  #volume;
  #percent;
  #large;
  #line;
  /** @type {RemoteTile|null} */
  #tile = null;
  /** @type {(pinned: boolean) => void} */
  #onPin = () => {};

  /** @param {HTMLDialogElement} dialog */
  constructor(dialog) {
    this.#dialog = dialog;
    this.#volume = /** @type {HTMLInputElement} */ (need(dialog, "[data-person-volume]"));
    this.#percent = need(dialog, "[data-person-percent]");
    this.#large = /** @type {HTMLInputElement} */ (need(dialog, "[data-person-large]"));
    this.#line = need(dialog, "[data-person-line]");
    this.#volume.addEventListener("input", () => this.#turn());
    this.#large.addEventListener("change", () => this.#onPin(this.#large.checked));
    const settable = volumeCanBeSet();
    need(dialog, "[data-person-loudness]").hidden = !settable;
    need(dialog, "[data-person-phone]").hidden = settable;
  }

  /**
   * @param {RemoteTile} tile
   * @param {{name: string, line: string, pinned: boolean, several: boolean, onPin: (pinned: boolean) => void}} person
   */
  open(tile, { name, line, pinned, several, onPin }) {
    this.#tile = tile;
    this.#onPin = onPin;
    say(need(this.#dialog, "h2"), name);
    say(this.#line, line);
    this.#line.hidden = !line;
    this.#large.checked = pinned;
    need(this.#dialog, "[data-person-size]").hidden = !several;
    this.#volume.value = String(Math.round(tile.volume * 100));
    this.#words();
    this.#dialog.showModal();
  }

  #turn() {
    if (this.#tile) this.#tile.volume = Number(this.#volume.value) / 100;
    this.#words();
  }

  #words() {
    const words = `${this.#volume.value} %`;
    say(this.#percent, words);
    this.#volume.setAttribute("aria-valuetext", words);
  }
}
