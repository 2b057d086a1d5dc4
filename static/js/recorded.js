/** After the visit, once the code was entered: looks whether its recording can be played by now, and puts the button in the place of the words. */

import { announce, make } from "./dom.js";
import { gettext } from "./words.js";

const FIRST_LOOK = 3_000;
const LONGEST = 60_000;

/**
 * @param {Element} place the words that say that it is being put together
 * @param {string} path the page, which has the button once there is something to play
 * @param {number} [wait]
 */
function lookForRecording(place, path, wait = FIRST_LOOK) {
  window.setTimeout(async () => {
    const page = await fetched(path);
    const plays = [...(page?.querySelectorAll("[data-plays]") ?? [])];
    if (plays.length) {
      place.replaceWith(...plays.map((each) => document.importNode(each.closest("p") ?? each, true)));
      announce(gettext("The recording can be played now."));
    } else if (page && page.querySelector("[data-recorded]") === null) {
      place.replaceChildren(make("span", {}, gettext("The recording of this visit could not be put together. Ask the clinic about it.")));
    } else {
      lookForRecording(place, path, Math.min(LONGEST, wait * 1.5));
    }
  }, wait);
}

/** @param {string} path @returns {Promise<Document|null>} */
async function fetched(path) {
  try {
    const answer = await fetch(path, { credentials: "same-origin" });
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  } catch {
    return null;
  }
}

const place = document.querySelector("[data-recorded][data-look]");
if (place) lookForRecording(place, location.pathname);
