/** The Move form, wherever it stands: free times follow who, when and what is needed; also the reader's own clock. */

import { make } from "./dom.js";
import { gettext } from "./words.js";

const ASKED = ["to", "on", "minutes", "room", "interpreter"];

/**
 * Fills in the free times whenever what they depend on changes.
 * @param {HTMLFormElement} form
 */
export function followTimes(form) {
  let asked = 0;
  form.querySelector("[data-show-times]")?.remove();
  form.addEventListener("change", async (event) => {
    const name = event.target instanceof Element ? event.target.getAttribute("name") : "";
    if (!name || !ASKED.includes(name)) return;
    const turn = ++asked;
    const times = form.elements.namedItem("starts");
    if (!(times instanceof HTMLSelectElement)) return;
    times.setAttribute("aria-busy", "true");
    const found = await freeTimes(form);
    if (turn !== asked) return;
    times.removeAttribute("aria-busy");
    offer(times, found);
  });
}

/** @param {HTMLFormElement} form @returns {Promise<[string, string][]|null>} */
async function freeTimes(form) {
  const typed = new FormData(form);
  const asked = new URLSearchParams({ times: "yes" });
  for (const name of ASKED) if (typed.has(name)) asked.set(name, String(typed.get(name)));
  try {
    const response = await fetch(`${form.action}?${asked}`, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    return response.ok ? (await response.json()).times : null;
  } catch {
    return null;
  }
}

/**
 * @param {HTMLSelectElement} times
 * @param {[string, string][]|null} found null when they could not be had
 */
function offer(times, found) {
  const before = times.value;
  const none = found ? gettext("No free time on that day") : gettext("We cannot reach the free times just now");
  const options = found?.length ? found.map(([value, words]) => make("option", { value }, words)) : [make("option", { value: "" }, none)];
  times.replaceChildren(...options);
  if (found?.some(([value]) => value === before)) times.value = before;
}
