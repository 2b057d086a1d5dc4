/** One's own picture: in one of four corners, by menu, by arrows, by drag. */

import { say, swapIcon } from "./dom.js";
import { gettext, interpolate } from "./words.js";

const CORNERS = /** @type {const} */ (["top-left", "top-right", "bottom-right", "bottom-left"]);
/** @typedef {typeof CORNERS[number]} Corner */

export class OwnTile {
  #place;
  /** @type {{x: number, y: number}|null} */
  #grab = null;

  /** @param {HTMLElement} root @param {HTMLElement} place what its corners are the corners of */
  constructor(root, place) {
    this.root = root;
    this.#place = place;
    this.video = /** @type {HTMLVideoElement} */ (root.querySelector("video"));
    if (root.dataset.corner === "auto") this.corner = matchMedia("(min-width: 48rem)").matches ? "bottom-right" : "top-right";
    root.addEventListener("keydown", (event) => this.#keys(event));
    root.addEventListener("pointerdown", (event) => this.#down(event));
    root.addEventListener("pointermove", (event) => this.#move(event));
    root.addEventListener("pointerup", (event) => this.#up(event));
    root.addEventListener("pointercancel", () => this.#rest());
  }

  /** Among more than two it stands in the row and cannot be moved. */
  get #floats() {
    return this.#place.dataset.layout !== "several";
  }

  /** @returns {Corner} */
  get corner() {
    return /** @type {Corner} */ (this.root.dataset.corner ?? "bottom-right");
  }

  /** @param {Corner} corner */
  set corner(corner) {
    this.root.dataset.corner = corner;
  }

  /** @param {MediaStreamTrack|null} camera @param {boolean} cameraOn @param {boolean} micOn */
  show(camera, cameraOn, micOn) {
    setPreview(this.video, cameraOn ? camera : null);
    this.video.hidden = !cameraOn;
    const words = [gettext("You"), ...(cameraOn ? [] : [gettext("camera off")]), ...(micOn ? [] : [gettext("muted")])].join(", ");
    const plate = this.root.querySelector(".hc-plate");
    if (plate) {
      say(plate.children[1], micOn ? gettext("You") : gettext("You, muted"));
      swapIcon(plate, micOn ? "microphone" : "microphone-slash", "fill");
    }
    this.root.setAttribute("aria-label", this.#floats ? interpolate(gettext("%(words)s. Arrow keys move your picture"), { words }) : words);
  }

  /** @param {KeyboardEvent} event */
  #keys(event) {
    if (!this.#floats) return;
    const [vertical, horizontal] = this.corner.split("-");
    const moved = {
      ArrowUp: `top-${horizontal}`,
      ArrowDown: `bottom-${horizontal}`,
      ArrowLeft: `${vertical}-left`,
      ArrowRight: `${vertical}-right`,
    }[event.key];
    if (!moved) return;
    event.preventDefault();
    this.corner = /** @type {Corner} */ (moved);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (!this.#floats) return;
    this.#grab = { x: event.clientX, y: event.clientY };
    this.root.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.#grab) return;
    this.root.style.translate = [event.clientX - this.#grab.x, event.clientY - this.#grab.y].map((by) => `${by}px`).join(" ");
  }

  /** @param {PointerEvent} event */
  #up(event) {
    const grab = this.#grab;
    this.#rest();
    if (!grab || Math.hypot(event.clientX - grab.x, event.clientY - grab.y) < 12) return;
    const box = this.#place.getBoundingClientRect();
    const vertical = event.clientY < box.top + box.height / 2 ? "top" : "bottom";
    const horizontal = event.clientX < box.left + box.width / 2 ? "left" : "right";
    this.corner = `${vertical}-${horizontal}`;
  }

  #rest() {
    this.#grab = null;
    this.root.style.translate = "";
  }
}

/**
 * A preview shows the original track, not the copy that leaves: it is bright while the copy is still dark.
 * @param {HTMLVideoElement} video
 * @param {MediaStreamTrack|null} track
 */
export function setPreview(video, track) {
  const current = /** @type {MediaStream|null} */ (video.srcObject);
  if (current?.getTracks()[0] === (track ?? undefined)) return;
  video.srcObject = track ? new MediaStream([track]) : null;
  video.muted = true;
  if (track) video.play().catch(() => {});
}
