/** Sharing on the page: the control, the bar that says so, and who else shares. What happens is sharing.js. */

import { announce, need } from "./dom.js";
import { ScreenShare } from "./sharing.js";
import { toast } from "./toast.js";
import { gettext, interpolate } from "./words.js";

/** @typedef {import("./types.js").SeatView} SeatView */

export class SharePart {
  #share;
  #bar;
  #name;
  /** @type {{id: string, name: string}|null} who else shares */
  #other = null;
  /** @type {import("./controls.js").Controls|null} */
  controls = null;

  /**
   * @param {HTMLElement} stage
   * @param {Object} options
   * @param {(message: {type: "share", on: boolean}) => boolean} options.send
   * @param {(track: MediaStreamTrack|null) => void} options.onTrack
   * @param {(seat: SeatView) => string} options.name
   */
  constructor(stage, { send, onTrack, name }) {
    this.#name = name;
    this.#bar = need(stage, "[data-share-bar]");
    this.#share = new ScreenShare(send, {
      onTrack,
      onState: (state) => this.#changed(state),
      onTrouble: (words) => toast(words, { icon: "warning-circle" }),
    });
    const control = need(stage, "[data-control=share]");
    // A phone has no screen to share: the control is not there at all, rather than dead.
    if (this.#share.possible) control.hidden = false;
    else control.remove();
    document.documentElement.dataset.share = "off";
    need(this.#bar, "[data-share-stop]").addEventListener("click", () => {
      this.#share.stop();
      control.focus();
    });
  }

  toggle() {
    void this.#share.toggle();
  }

  part() {
    this.#share.part();
    this.#other = null;
  }

  /** @param {string} words */
  refused(words) {
    this.#share.refused(words);
  }

  /** @param {SeatView[]} seats */
  show(seats) {
    this.#share.compare(seats.find((seat) => seat.you));
    const sharer = seats.find((seat) => seat.screen && !seat.you);
    if (sharer?.id === this.#other?.id) return;
    if (sharer) toast(interpolate(gettext("%(name)s is sharing their screen."), { name: this.#name(sharer) }), { icon: "monitor" });
    else if (this.#other) announce(interpolate(gettext("%(name)s stopped sharing."), { name: this.#other.name }));
    this.#other = sharer ? { id: sharer.id, name: this.#name(sharer) } : null;
  }

  /** @param {import("./sharing.js").ShareState} state */
  #changed(state) {
    const on = state === "on";
    if (this.#bar.hidden === on) announce(on ? gettext("You are sharing your screen.") : gettext("Your screen is no longer shared."));
    this.#bar.hidden = !on;
    this.controls?.share(on);
    document.documentElement.dataset.share = state;
  }
}
