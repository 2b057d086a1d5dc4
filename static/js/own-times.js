/** Beside a time of the clinic the one that this device's clock shows then, where that is another. */

import { ownTime } from "./calendar-model.js";
import { gettext, interpolate } from "./words.js";

/** @param {ParentNode} root */
export function sayOwnTimes(root) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const place of root.querySelectorAll("[data-own-time]")) {
    const zone = place.getAttribute("data-own-zone") ?? "";
    const words = zone && own ? ownTime(Date.parse(place.getAttribute("data-own-time") ?? ""), zone, own) : "";
    place.textContent = words ? interpolate(gettext("On your clock: %(words)s"), { words }) : "";
  }
}
