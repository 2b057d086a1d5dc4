/** What came of trying the line, in words. Pure. */

import { gettext } from "./words.js";

/** @typedef {import("./trial.js").TrialResult} TrialResult */

/** A voice that takes longer than this there and back makes people speak at the same time. */
const SLOW_MS = 500;

/**
 * @param {TrialResult|null} result null while it is tried
 * @returns {{words: string, sign: string, css: string, note: string, again: boolean}}
 */
export function lineWords(result) {
  if (!result) return { words: gettext("Trying the connection"), sign: "wifi-medium", css: "hc-soft", note: "", again: false };
  const good = { sign: "wifi-high", css: "hc-good", note: "", again: false };
  const bad = { sign: "wifi-x", css: "hc-bad", again: true };
  switch (result.path) {
    case "udp":
    case "turn":
      if ((result.ms ?? 0) <= SLOW_MS) return { ...good, words: gettext("Good for video") };
      return {
        ...good,
        words: gettext("Works, but slowly"),
        sign: "wifi-medium",
        note: gettext("Picture and sound come late on this connection. Sit closer to your Wi-Fi, or let nobody else use it during the visit."),
      };
    case "tcp":
      return {
        ...good,
        words: gettext("Works by a detour"),
        sign: "wifi-medium",
        note: gettext("This network lets a visit through only by a detour (TCP). It works. The picture may stand still for a moment; the sound goes first."),
      };
    case "none":
      return {
        ...bad,
        words: gettext("Nothing gets through"),
        note: gettext("This network lets no picture and no sound through. Try another one: mobile data instead of Wi-Fi, or the other way round. Then press Try again. If it stays so, call the desk: you can have your visit by phone."),
      };
    case "socket":
      return {
        ...bad,
        words: gettext("The visit cannot be reached"),
        note: gettext("Something on this network, like a filter or a VPN, keeps the visit from this page. Switch it off or try another network, then press Try again. If it stays so, call the desk."),
      };
    default:
      return {
        words: gettext("Could not be tried"),
        sign: "wifi-medium",
        css: "hc-soft",
        note: gettext("We could not try the connection just now. That need not mean anything. Press Try again in a moment."),
        again: true,
      };
  }
}
