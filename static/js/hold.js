/** Counts down how long a time is kept or offered, in words, and says when it is short and when it is over. */

import { ServerClock, countdownWords } from "./clock.js";
import { need, say } from "./dom.js";
import { gettext, interpolate } from "./words.js";

const SHORT = 2 * 60_000;

/** @param {HTMLElement} line */
function count(line) {
  const clock = new ServerClock();
  clock.set(line.dataset.now ?? "");
  const words = need(line, "[data-hold-words]");
  const time = line.dataset.time ?? gettext("this time");
  let told = "long";
  const tick = () => {
    const left = clock.until(line.dataset.until ?? "");
    const state = left <= 0 ? "over" : left <= SHORT ? "short" : "long";
    if (state === "over") {
      clearInterval(timer);
      line.classList.remove("is-short");
      line.setAttribute("aria-live", "polite");
      say(words, line.dataset.over ?? interpolate(gettext("The time is up. If %(time)s is still free, we take it again when you go on. What you typed stays."), { time }));
      if (line.dataset.reload !== undefined) location.reload();
      return;
    }
    line.classList.toggle("is-short", state === "short");
    // Who types is told once when it gets short and once when it is over, not every minute.
    line.setAttribute("aria-live", state === told ? "off" : "polite");
    told = state;
    say(words, interpolate(leftWords(line.dataset.lead !== undefined, state === "short"), { lead: line.dataset.lead ?? "", time, left: countdownWords(left) }));
  };
  const timer = setInterval(tick, 1_000);
  tick();
}

/** @param {boolean} hasLead whether the page says how the sentence begins @param {boolean} short */
function leftWords(hasLead, short) {
  if (hasLead) return short ? gettext("%(lead)s %(left)s.") : gettext("%(lead)s %(left)s more.");
  return short ? gettext("We keep %(time)s for you for %(left)s.") : gettext("We keep %(time)s for you for %(left)s more.");
}

for (const line of document.querySelectorAll("[data-hold]")) {
  if (line instanceof HTMLElement) count(line);
}
