/** The seek bar with a lane for each person, its holes marked, and the times. */

import { stopwatch } from "./clock.js";
import { make, say } from "./dom.js";
import { gapWords, label } from "./player-tiles.js";
import { gettext, interpolate, ngettext } from "./words.js";

/** @typedef {import("./player-sync.js").Track} Track */

const SMALLEST_MARK = 0.4;

export class Bar {
  /**
   * @param {HTMLElement} root
   * @param {Track[]} tracks
   * @param {number} duration ms
   * @param {(position: number) => void} onSeek
   */
  constructor(root, tracks, duration, onSeek) {
    this.duration = duration;
    this.range = /** @type {HTMLInputElement} */ (root.querySelector("[data-seek]"));
    this.now = /** @type {HTMLElement} */ (root.querySelector("[data-now]"));
    this.lanes = /** @type {HTMLElement} */ (root.querySelector("[data-lanes]"));
    this.range.max = String(duration);
    say(/** @type {HTMLElement} */ (root.querySelector("[data-length]")), stopwatch(duration));
    for (const [name, group] of byPerson(tracks)) this.lanes.append(this.#lane(name, group));
    this.range.addEventListener("input", () => onSeek(Number(this.range.value)));
    this.lanes.addEventListener("click", (event) => {
      const lane = event.target instanceof Element ? event.target.closest(".hc-player-lane") : null;
      if (!lane) return;
      const box = lane.getBoundingClientRect();
      onSeek(((event.clientX - box.left) / box.width) * duration);
    });
    this.#listGaps(root, tracks, onSeek);
    this.show(0);
  }

  /** @param {number} position ms */
  show(position) {
    if (document.activeElement !== this.range || Math.abs(Number(this.range.value) - position) > 200) {
      this.range.value = String(Math.round(position));
    }
    const time = stopwatch(position);
    say(this.now, time);
    const place = { position: spoken(position), length: spoken(this.duration) };
    this.range.setAttribute("aria-valuetext", interpolate(gettext("%(position)s of %(length)s"), place));
    this.lanes.style.setProperty("--at", `${(100 * position) / this.duration}%`);
  }

  /** @param {string} name @param {Track[]} tracks */
  #lane(name, tracks) {
    const lane = make("div", { class: "hc-player-lane" });
    for (const track of tracks) {
      lane.append(this.#mark("hc-player-there", track.from, track.to, ""));
      for (const gap of track.gaps.filter((each) => each.source === "")) {
        lane.append(this.#mark("hc-player-gap", gap.from, gap.to, `${stopwatch(gap.from)}: ${gapWords(gap.why)}`));
      }
    }
    return make("div", { class: "hc-player-row" }, make("span", { class: "hc-player-name" }, name), lane);
  }

  /** @param {string} css @param {number} from @param {number} to @param {string} title */
  #mark(css, from, to, title) {
    const mark = make("span", { class: css, title: title || undefined });
    mark.style.insetInlineStart = `${(100 * from) / this.duration}%`;
    mark.style.width = `${Math.max(SMALLEST_MARK, (100 * (to - from)) / this.duration)}%`;
    return mark;
  }

  /** The same in words, each with a button that goes there. @param {HTMLElement} root @param {Track[]} tracks @param {(position: number) => void} onSeek */
  #listGaps(root, tracks, onSeek) {
    const gaps = tracks.flatMap((track) => track.gaps.filter((gap) => gap.source === "").map((gap) => ({ track, gap })));
    const box = /** @type {HTMLElement} */ (root.querySelector("[data-gaps]"));
    box.hidden = gaps.length === 0;
    const title = /** @type {HTMLElement} */ (root.querySelector("[data-gaps-title]"));
    const missing = ngettext("Something is missing in %(count)s place", "Something is missing in %(count)s places", gaps.length);
    say(title, interpolate(missing, { count: gaps.length }));
    const list = /** @type {HTMLElement} */ (root.querySelector("[data-gaps-list]"));
    gaps.sort((a, b) => a.gap.from - b.gap.from);
    for (const { track, gap } of gaps) {
      const words = interpolate(gettext("%(from)s to %(to)s"), { from: stopwatch(gap.from), to: stopwatch(gap.to) });
      const go = make("button", { class: "hc-btn hc-btn-link hc-btn-small hc-figures", type: "button" }, words);
      go.addEventListener("click", () => onSeek(gap.from));
      list.append(make("li", {}, go, make("span", {}, `${label(track)}: ${gapWords(gap.why).toLowerCase()}`)));
    }
  }
}

/** @param {Track[]} tracks @returns {Map<string, Track[]>} */
function byPerson(tracks) {
  /** @type {Map<string, Track[]>} */
  const found = new Map();
  for (const track of tracks) found.set(label(track), [...(found.get(label(track)) ?? []), track]);
  return found;
}

/**
 * "1 hour 2 minutes 5 seconds", for those who hear the bar.
 * @param {number} milliseconds
 */
export function spoken(milliseconds) {
  const all = Math.floor(milliseconds / 1000);
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor((all % 3600) / 60);
  const seconds = all % 60;
  const said = [];
  if (hours) said.push(interpolate(ngettext("%(count)s hour", "%(count)s hours", hours), { count: hours }));
  if (minutes) said.push(interpolate(ngettext("%(count)s minute", "%(count)s minutes", minutes), { count: minutes }));
  if (seconds || !all) said.push(interpolate(ngettext("%(count)s second", "%(count)s seconds", seconds), { count: seconds }));
  return said.join(" ");
}
