/** The pictures of a recording side by side: who is there, who is not, and what was not recorded. */

import { icon, make, portrait, say } from "./dom.js";
import { gettext, interpolate, pgettext } from "./words.js";

/** @typedef {import("./player-sync.js").Part} Part */
/** @typedef {import("./player-sync.js").Track} Track */

/** @type {Record<string, string>} why nothing was recorded, as one reads it on the tile */
const WHY = {
  lease: gettext("Recording was paused"),
  disk: gettext("The disk was full"),
  queue: gettext("Too much came at once"),
  loss: gettext("Lost on the way"),
  left: gettext("Was away"),
  missing: gettext("A piece is missing"),
  changed: gettext("A piece was damaged"),
  off: gettext("Camera was off"),
};

// Nobody begins or ends to the millisecond with the others: so little of somebody is not worth a word.
const SLACK_MS = 500;

/** @param {string} why */
export function gapWords(why) {
  return WHY[why] ?? gettext("Nothing was recorded");
}

/** One person's film, or a screen. */
class Tile {
  /** @param {Track} track */
  constructor(track) {
    this.track = track;
    this.media = make("video", { playsinline: true, preload: "auto", src: track.address, "aria-label": label(track) });
    this.note = make("p", { class: "hc-player-away" });
    this.away = make("div", { class: "hc-player-cover", hidden: true });
    if (track.kind === "person") this.away.append(portrait("", track.name));
    this.away.append(this.note);
    const sign = icon(track.kind === "screen" ? "monitor" : "user", "fill");
    const plate = make("p", { class: "hc-plate" }, sign, make("span", {}, label(track)));
    this.element = make("div", { class: "hc-tile", "data-track": track.file, "data-from": String(track.from) }, this.media, this.away, plate);
    this.element.dataset.kind = track.kind;
    this.media.addEventListener("loadedmetadata", () => this.#shape());
    this.media.addEventListener("resize", () => this.#shape());
  }

  /** A telephone held upright films a tall picture: it is shown whole. */
  #shape() {
    this.element.classList.toggle("hc-player-tall", this.media.videoHeight > this.media.videoWidth);
  }

  /** @param {Part} part @param {number} position */
  update(part, position) {
    const words = this.#words(part, position);
    say(this.note, words);
    this.away.hidden = words === "";
    if (this.track.kind === "screen") this.element.hidden = !part.here;
    this.element.dataset.here = part.here ? "yes" : "no";
  }

  /** @param {Part} part @param {number} position */
  #words(part, position) {
    if (part.broken) return gettext("This part cannot be played");
    if (position < this.track.from - SLACK_MS) return gettext("Not there yet");
    if (position >= this.track.to + SLACK_MS) return gettext("Not there any more");
    const gap = this.track.gaps.find((each) => each.source !== "audio" && each.from <= position && position < each.to);
    if (gap) return gapWords(gap.why);
    if (this.media.readyState >= 1 && this.media.videoWidth === 0) return gettext("Sound only");
    return "";
  }
}

export class Tiles {
  /** @param {HTMLElement} place @param {Track[]} tracks */
  constructor(place, tracks) {
    this.place = place;
    this.tiles = tracks.map((track) => new Tile(track));
    place.append(...this.tiles.map((tile) => tile.element));
    /** @type {Part[]} */
    this.parts = this.tiles.map((tile) => ({ track: tile.track, media: tile.media }));
  }

  /** @param {number} position */
  update(position) {
    this.tiles.forEach((tile, index) => tile.update(/** @type {Part} */ (this.parts[index]), position));
    const people = this.tiles.filter((tile) => tile.track.kind === "person").length;
    const screen = this.tiles.some((tile) => tile.track.kind === "screen" && !tile.element.hidden);
    this.place.dataset.people = String(Math.min(people, 9));
    this.place.dataset.screen = screen ? "yes" : "no";
  }
}

/** @param {Track} track */
export function label(track) {
  const name = track.you ? pgettext("who is in the picture", "You") : track.name;
  if (track.kind === "person") return name;
  return track.you ? gettext("Your screen") : interpolate(gettext("Screen of %(name)s"), { name });
}
