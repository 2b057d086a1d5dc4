/** The queue board: live rows that hold still under the hand, keys, ticking minutes, and a line when live updates are lost. */

import { make, need, say } from "./dom.js";
import { isForPage, offerLetters, openDialog } from "./letters.js";
import { chime } from "./level.js";
import { LiveSocket } from "./live-socket.js";
import { askBeforeCallingIn } from "./queue-ask.js";
import { keysOf, morph, newRows, parseBoard, refreshWords, wouldMove } from "./queue-board.js";
import { setUpDevices } from "./queue-devices.js";
import { offerMore, undoLast } from "./queue-more.js";
import { ringOn } from "./queue-ring.js";
import { gettext, interpolate, ngettext } from "./words.js";

const LOST_AFTER = 3_000;

const board = need(document, "[data-board]");
const news = need(document, "[data-news]");
const title = document.title.replace(/^\(\d+\) /, "");

/** @type {Element|null} a newer board that waits until the hand is away */
let waiting = null;
let drawnAt = performance.now();
/** How many were waiting when that was told last: a board that is held back must not be told again and again. */
let told = 0;
/** @type {"here"|"lost"|"out"} */
let line = "here";

const current = () => need(board, ".hc-board-live");

/** @returns {string} key of the row under pointer or focus; "" when nothing is held */
function held() {
  const focused = document.activeElement?.closest("[data-key]");
  const hovered = board.querySelector("[data-row]:hover, [data-next]:hover, [data-key]:has(> summary:hover)");
  for (const element of [focused, hovered]) {
    if (element instanceof HTMLElement && board.contains(element)) return element.dataset.key ?? "";
  }
  return "";
}

/** @param {Element} next */
function prepare(next) {
  // A board that comes over the socket has the field, but nobody's token: with another shape it would replace the buttons.
  const tokens = /** @type {NodeListOf<HTMLInputElement>} */ (next.querySelectorAll("[name=csrfmiddlewaretoken]"));
  for (const token of tokens) token.value = board.dataset.csrf ?? "";
  // A fold that is open here is open in the new board too, so that both count the same rows.
  for (const fold of current().querySelectorAll("details[open][data-key]")) {
    next.querySelector(`details[data-key="${fold.getAttribute("data-key")}"]`)?.setAttribute("open", "");
  }
}

/** @param {{html: string, waiting: number}} message */
function onBoard({ html, waiting: count }) {
  const next = parseBoard(html);
  prepare(next);
  tell(count);
  const key = held();
  if (key && wouldMove(keysOf(current()), keysOf(next), key)) {
    waiting = next;
    refreshWords(current(), next);
  } else {
    show(next);
  }
  drawnAt = performance.now();
  drawLine();
}

/** @param {Element} next */
function show(next) {
  waiting = null;
  const summary = next.querySelector("template[data-summary-next]");
  const spoken = document.querySelector("[data-summary]");
  if (summary instanceof HTMLTemplateElement && spoken) spoken.replaceChildren(summary.content.cloneNode(true));
  const greeting = document.querySelector("[data-greeting]");
  if (greeting && next instanceof HTMLElement) greeting.textContent = next.dataset.greetingWord ?? greeting.textContent;
  morph(current(), next);
  drawLine();
}

/** The count in the tab and the header, a sound and a word for somebody who came. @param {number} count */
function tell(count) {
  const before = told;
  told = count;
  document.title = count ? `(${count}) ${title}` : title;
  const place = document.querySelector("[data-nav-count]");
  if (place) place.replaceChildren(...(count ? [make("span", { class: "hc-count" }, String(count))] : []));
  if (count <= before) return;
  news.textContent = interpolate(ngettext("%(count)s patient is waiting.", "%(count)s patients are waiting.", count), { count });
  // A browser opens sound only after a press on the page; before that there is nothing to play with.
  if (navigator.userActivation?.hasBeenActive) chime();
}

function showWaiting() {
  if (waiting) show(waiting);
}

/** One thing at a time, and what is broken comes first. */
function drawLine() {
  const shown = line === "here" ? (waiting ? "news" : "") : line;
  if (waiting) {
    const fresh = newRows(keysOf(current()), keysOf(waiting)).length;
    say(need(document, "[data-live-news]"), fresh ? interpolate(gettext("%(count)s new"), { count: fresh }) : gettext("The line has changed"));
  }
  for (const part of document.querySelectorAll("[data-live]")) {
    if (part instanceof HTMLElement) part.hidden = part.dataset.live !== shown;
  }
}

function tickMinutes() {
  const passed = Math.floor((performance.now() - drawnAt) / 60_000);
  if (!passed) return;
  for (const place of document.querySelectorAll("[data-minutes]")) {
    place.textContent = String(Number(place.getAttribute("data-minutes")) + passed);
  }
}

/** @param {number} step */
function moveSelection(step) {
  const rows = /** @type {HTMLElement[]} */ ([...board.querySelectorAll("[data-row]")].filter((row) => !row.closest("details:not([open])")));
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.classList.contains("is-selected"));
  const to = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step))];
  select(to);
}

/** @param {HTMLElement} row */
function select(row) {
  for (const each of board.querySelectorAll("[data-row].is-selected")) {
    each.classList.remove("is-selected");
    each.setAttribute("tabindex", "-1");
  }
  row.classList.add("is-selected");
  row.tabIndex = 0;
  row.focus();
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const action = ACTIONS[event.key];
  if (action && isForPage(event) && action(event.target)) event.preventDefault();
}

/** @type {Record<string, (target: EventTarget|null) => boolean>} true when the key was used */
const ACTIONS = {
  j: () => (moveSelection(1), true),
  k: () => (moveSelection(-1), true),
  ArrowDown: () => (moveSelection(1), true),
  ArrowUp: () => (moveSelection(-1), true),
  Enter: (target) => target instanceof HTMLElement && target.matches("[data-row]") && (press(target.querySelector("[data-do]")) || press(target.querySelector("[data-more]"))),
  n: () => press(board.querySelector("[data-call-next]")),
  h: () => hold(),
  m: () => goTo(board.querySelector("[data-row].is-selected")),
  u: () => undoLast(),
  "?": () => openDialog("shortcuts"),
};

/** @param {Element|null} button */
function press(button) {
  if (!(button instanceof HTMLElement) || !button.checkVisibility()) return false;
  button.click();
  return true;
}

/** To the thread of the desk with the patient of the row that is chosen. @param {Element|null} row @returns {boolean} */
function goTo(row) {
  const address = row instanceof HTMLElement ? row.dataset.desk : "";
  if (address) location.assign(address);
  return Boolean(address);
}

/** Who is with you, or of several the row that is chosen. @returns {boolean} */
function hold() {
  const forms = /** @type {NodeListOf<HTMLFormElement>} */ (board.querySelectorAll("[data-hold-form]"));
  const chosen = /** @type {HTMLFormElement|null} */ (board.querySelector("[data-row].is-selected [data-hold-form]"));
  const form = chosen ?? (forms.length === 1 ? forms[0] : null);
  if (!form || board.matches(".hc-board-watching") || form.dataset.sent) return false;
  form.dataset.sent = "yes";
  form.submit();
  return true;
}

/** @type {ReturnType<typeof setTimeout>|undefined} */
let losing;

/** A blink of the network is not worth a line. @param {"open"|"lost"|"out"} state */
function onState(state) {
  if (state === "lost") {
    losing ??= setTimeout(() => setLine("lost"), LOST_AFTER);
    return;
  }
  clearTimeout(losing);
  losing = undefined;
  setLine(state === "open" ? "here" : "out");
}

/** @param {"here"|"lost"|"out"} state */
function setLine(state) {
  if (line === state) return;
  line = state;
  drawLine();
}

told = Number(current().getAttribute("data-waiting") ?? 0);

const socket = new LiveSocket(board.dataset.socket ?? "", "queue", { onMessage: onBoard, onState });

// What waited comes in by itself as soon as the hand is away.
for (const name of /** @type {const} */ (["pointerout", "focusout"])) {
  board.addEventListener(name, () => setTimeout(() => {
    if (waiting && !(held() && wouldMove(keysOf(current()), keysOf(waiting), held()))) show(waiting);
  }, 300));
}
document.addEventListener("keydown", onKey);
window.addEventListener("pageshow", (event) => event.persisted && socket.open());
window.addEventListener("pagehide", () => socket.close());
setInterval(tickMinutes, 10_000);
need(document, "[data-live=news]").addEventListener("click", showWaiting);
offerLetters();
if (document.querySelector("[data-ask-call-in]")) askBeforeCallingIn(board);
offerMore(board);
ringOn(board);
setUpDevices();
socket.open();
