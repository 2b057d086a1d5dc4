/** One's own microphone during the call: the edge while speaking, and what is said when nobody can hear it. */

import { LevelMeter, SilenceWatch, SpeechWatch } from "./level.js";
import { explainMediaError } from "./media-errors.js";
import { toast } from "./toast.js";
import { gettext } from "./words.js";

const LISTEN_EVERY = 200;
const REMIND_EVERY = 60_000;

export class OwnVoice {
  #media;
  #active;
  #tile;
  #meter = new LevelMeter();
  #speech = new SpeechWatch();
  #silence = new SilenceWatch();
  #remindedAt = -REMIND_EVERY;

  /**
   * @param {import("./media.js").LocalMedia} media
   * @param {() => boolean} active whether the others can hear this microphone when it is on
   * @param {HTMLElement} tile
   */
  constructor(media, active, tile) {
    this.#media = media;
    this.#active = active;
    this.#tile = tile;
    setInterval(() => this.#hear(), LISTEN_EVERY);
  }

  /** The microphone may be another one. */
  refresh() {
    this.#meter.listen(this.#media.track("microphone"));
  }

  /** Speaking into a microphone that is off, or a microphone that hears nothing: both are said. */
  #hear() {
    if (!this.#active()) return;
    const level = this.#meter.read();
    if (level === null) return;
    const now = performance.now();
    const speaking = this.#speech.push(level, now);
    this.#tile.classList.toggle("hc-tile-speaking", speaking && this.#media.micOn);
    const silent = this.#media.micOn && this.#silence.push(level, now) === "silent";
    if (now - this.#remindedAt < REMIND_EVERY) return;
    if (speaking && !this.#media.choices.mic) {
      this.#remindedAt = now;
      toast(gettext("You are speaking, but your microphone is off. Press Mic to switch it on."), { icon: "microphone-slash" });
    } else if (silent) {
      this.#remindedAt = now;
      toast(explainMediaError({ name: "media.silent" }).message, { icon: "microphone-slash" });
    }
  }
}
