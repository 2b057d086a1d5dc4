/** A shared screen: whole, never cropped, with its owner's name and a button that makes it as large as the device. */

import { icon, make, say, swapIcon } from "./dom.js";
import { depth } from "./rungs.js";
import { gettext, interpolate } from "./words.js";

export class ScreenTile {
  /** @type {RTCRtpReceiver|undefined} */
  #receiver;
  #picture = false;

  /** @param {string} seat @param {string} name */
  constructor(seat, name) {
    this.seat = seat;
    this.video = make("video", { autoplay: true, playsinline: true, "aria-hidden": "true" });
    this.video.muted = true;
    this.words = make("p", { class: "hc-screen-words" });
    const whose = interpolate(gettext("%(name)s's screen"), { name });
    const plate = make("p", { class: "hc-plate" }, icon("monitor", "fill"), make("span", {}, whose));
    this.root = make("div", { class: "hc-tile hc-screen", role: "group", "aria-label": whose, "data-seat": seat });
    this.root.append(this.video, this.words, plate);
    if (document.fullscreenEnabled) this.root.append(this.#larger());
  }

  #larger() {
    const button = make("button", { class: "hc-screen-larger", type: "button" }, icon("arrows-out"), make("span", {}, gettext("Larger")));
    button.addEventListener("click", () => {
      void (document.fullscreenElement ? document.exitFullscreen() : this.root.requestFullscreen()).catch(() => {});
    });
    this.root.addEventListener("fullscreenchange", () => {
      const large = document.fullscreenElement === this.root;
      swapIcon(button, large ? "arrows-in" : "arrows-out");
      say(button.children[1], large ? gettext("Smaller") : gettext("Larger"));
    });
    return button;
  }

  /** @param {RTCRtpReceiver|undefined} receiver */
  attach(receiver) {
    if (receiver === this.#receiver) return;
    this.#receiver = receiver;
    this.#picture = false;
    this.video.srcObject = receiver ? new MediaStream([receiver.track]) : null;
    if (!receiver) return;
    this.video.play().catch(() => {});
    const seen = () => {
      this.#picture = true;
      this.root.dataset.frames = "yes";
    };
    if ("requestVideoFrameCallback" in this.video) this.video.requestVideoFrameCallback(seen);
    else /** @type {HTMLVideoElement} */ (this.video).addEventListener("timeupdate", seen, { once: true });
  }

  /** @param {string} name @param {import("./types.js").Rung} mine */
  show(name, mine) {
    const withheld = depth(mine) >= 2;
    this.video.hidden = withheld;
    this.words.hidden = this.#picture && !withheld;
    const words = withheld
      ? gettext("Your connection is too weak for %(name)s's screen. The sound goes on.")
      : gettext("%(name)s's screen is coming");
    say(this.words, interpolate(words, { name }));
  }

  remove() {
    if (document.fullscreenElement === this.root) void document.exitFullscreen().catch(() => {});
    this.video.srcObject = null;
    this.root.remove();
  }
}
