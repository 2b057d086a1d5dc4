/**
 * Enlivens the pages that choose who and when: the card says what is chosen, people who do not offer the visit go, and
 * another zone of the device is offered. Everything works without it.
 */

import { need, say } from "./dom.js";
import { gettext, interpolate, language } from "./words.js";

/** Only those are shown who offer the chosen visit. @param {HTMLFormElement} form */
function start(form) {
  const show = () => {
    const kind = String(new FormData(form).get("type") ?? "");
    for (const choice of form.querySelectorAll("[data-offers]")) {
      if (!(choice instanceof HTMLElement)) continue;
      const offers = !kind || (choice.dataset.offers ?? "").split(" ").includes(kind);
      const input = /** @type {HTMLInputElement} */ (need(choice, "input"));
      choice.hidden = !offers;
      if (!offers) input.checked = false;
    }
  };
  form.addEventListener("change", show);
  show();
}

/** @param {HTMLFormElement} form */
function time(form) {
  const when = need(form, "[data-when]");
  const go = need(form, "[data-go]");
  const zone = form.dataset.zone;
  const show = () => {
    const chosen = form.querySelector("input[name=time]:checked");
    if (!(chosen instanceof HTMLInputElement)) return;
    const label = chosen.nextElementSibling?.firstChild?.textContent?.trim() ?? "";
    const at = new Date(chosen.value);
    const clock = label.replace(/^.*, /, "");
    say(when, `${longDay(at, zone)}, ${clock}`);
    say(go, interpolate(go.dataset.moves === undefined ? gettext("Go on with %(time)s") : gettext("Move to %(time)s"), { time: clock }));
  };
  form.addEventListener("change", show);
  // Coming back, the browser has chosen again what was chosen.
  addEventListener("pageshow", show);
  show();
  offerOwnZone(zone ?? "");
}

/** "Wednesday 25 November" @param {Date} at @param {string|undefined} zone */
export function longDay(at, zone) {
  const options = /** @type {const} */ ({ weekday: "long", day: "numeric", month: "long", timeZone: zone });
  const parts = Object.fromEntries(new Intl.DateTimeFormat(language() === "en" ? "en-GB" : language(), options).formatToParts(at).map((part) => [part.type, part.value]));
  return interpolate(gettext("%(weekday)s %(day)s %(month)s"), { weekday: parts.weekday, day: parts.day, month: parts.month });
}

/** The page never changes its zone by itself: a time that was read aloud stays what it was. @param {string} shown */
function offerOwnZone(shown) {
  const place = document.querySelector("[data-zone-here]");
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!(place instanceof HTMLElement) || !own || own === shown || sameClock(own, shown)) return;
  const address = new URL(location.href);
  if (address.searchParams.has("zone")) return;
  address.searchParams.set("zone", own);
  const link = document.createElement("a");
  link.href = address.href;
  link.textContent = interpolate(gettext("Show times in %(city)s time"), { city: city(own) });
  place.replaceChildren(interpolate(gettext("Your device is in %(city)s time."), { city: city(own) }), " ", link);
  place.hidden = false;
}

/** @param {string} one @param {string} other */
function sameClock(one, other) {
  const written = (/** @type {string} */ zone, /** @type {Date} */ at) =>
    new Intl.DateTimeFormat("en-GB", { dateStyle: "short", timeStyle: "short", timeZone: zone }).format(at);
  const year = new Date().getFullYear();
  return [new Date(Date.UTC(year, 0, 15)), new Date(Date.UTC(year, 6, 15))].every((at) => written(one, at) === written(other, at));
}

/** @param {string} zone */
function city(zone) {
  return (zone.split("/").pop() ?? zone).replaceAll("_", " ");
}

const startForm = globalThis.document?.querySelector("[data-book-start]");
if (startForm instanceof HTMLFormElement) start(startForm);
const timeForm = globalThis.document?.querySelector("[data-book-time]");
if (timeForm instanceof HTMLFormElement) time(timeForm);
