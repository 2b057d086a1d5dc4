/** The page of staff on which they write with a patient: every thread of the visit, live by the clinic's calendar socket. */

import { DeskThread } from "./desk-thread.js";
import { LiveSocket } from "./live-socket.js";
import { need } from "./dom.js";

/** A hint may be lost; a look that finds nothing costs little. */
const EVERY = 20_000;

const page = need(document, "[data-desk-page]");
const threads = [...page.querySelectorAll("[data-desk-thread]")].map((each) => {
  const root = /** @type {HTMLElement} */ (each);
  return new DeskThread(root, { path: location.pathname, member: root.dataset.member, seen: () => true });
});

function look() {
  for (const thread of threads) void thread.look();
}

/** @typedef {{visits: string[], people: string[]}} Changed */

const socket = new LiveSocket(page.dataset.socket ?? "", "calendar", {
  /** @param {Changed} changed */
  onMessage: ({ visits, people }) => {
    if (visits.includes(page.dataset.appointment ?? "") || !(visits.length + people.length)) look();
  },
  onState: (state) => {
    need(document, "[data-desk-lost]").hidden = state === "open";
  },
});

setInterval(look, EVERY);
addEventListener("pagehide", () => socket.close());
addEventListener("pageshow", (event) => event.persisted && socket.open());
look();
socket.open();
