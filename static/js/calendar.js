/** The calendar page: list and grid of the same visits, the panel, dragging with Undo, keys, and live changes. */

import { findWhileTyping } from "./calendar-find.js";
import { Grid, loadLibrary } from "./calendar-grid.js";
import { List } from "./calendar-list.js";
import { Live } from "./calendar-live.js";
import { byTime, neighbour, ownTime } from "./calendar-model.js";
import { Panel } from "./calendar-panel.js";
import { announce, markOnce, need } from "./dom.js";
import { post } from "./forms.js";
import { isForPage, offerLetters, openDialog } from "./letters.js";
import { hideToast, toast } from "./toast.js";
import { gettext, interpolate } from "./words.js";

const LOST_AFTER = 3_000;
/** More changes at once than these are drawn anew in one go. */
const MANY = 40;
const WIDE = window.matchMedia("(min-width: 48rem)");

const page = need(document, "[data-calendar]");
const data = JSON.parse(need(document, "#calendar-data").textContent ?? "{}");
const drawsGrid = data.view !== "list" && !data.counted;

/** @type {Grid|null} */
let grid = null;
/** @type {List|null} */
let list = null;
/** @type {Panel|null} */
let panel = null;
/** @type {Live|null} */
let live = null;
/** @type {Set<string>} visits whose move is on its way */
const moving = new Set();

/**
 * What was dragged or drawn longer is sent as the Move form is, with the time on the clinic's wall.
 * @param {{id: string, starts: string, minutes: number, person: string}} place
 */
async function drop({ id, starts, minutes, person }) {
  const visit = list?.visit(id);
  if (!visit) return;
  await send(id, { to: person, on: starts.slice(0, 10), at: starts.slice(11, 16), minutes, sequence: visit.sequence });
}

/** @param {string} id @param {Record<string, string|number>} fields */
async function send(id, fields) {
  if (moving.has(id)) return;
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...fields, csrfmiddlewaretoken: page.dataset.csrf ?? "" })) form.set(name, String(value));
  moving.add(id);
  hideToast();
  const answer = await post(list?.address(id) ?? "", form);
  moving.delete(id);
  if (answer.error) refused(id, answer.error);
  else moved(id, answer);
}

/** @param {string} id @param {import("./forms.js").Answer} answer */
function moved(id, answer) {
  const former = /** @type {Record<string, string|number>} */ (answer.former);
  const sequence = Number(answer.sequence);
  live?.lookAt(id);
  if (panel?.shown === id) void showPanel(id, { focus: false });
  toast(String(answer.said), { icon: "check-circle", button: gettext("Undo"), onPress: () => undo(id, { ...former, sequence }) });
}

/** @param {string} id @param {Record<string, string|number>} former */
async function undo(id, former) {
  await send(id, { ...former, on: String(former.starts).slice(0, 10) });
  grid?.focus(id);
}

/** The visit goes back to where it is now, and the sentence stays in the panel. @param {string} id @param {{message: string, fields?: Record<string, string>}} error */
function refused(id, error) {
  const words = Object.values(error.fields ?? {})[0] ?? error.message;
  const visit = list?.visit(id);
  if (visit) grid?.put(visit);
  live?.lookAt(id);
  toast(words, { icon: "warning-circle", how: "assertive" });
  void showPanel(id, { focus: false, problem: words });
}

/** @param {string} id @param {{focus?: boolean, problem?: string}} [how] */
async function showPanel(id, how) {
  const address = list?.address(id);
  if (!panel || !address) return;
  grid?.choose(id);
  grid?.unselect();
  history.replaceState(null, "", `#visit-${id}`);
  await panel.open(id, address, how);
}

/** @param {string} id */
function open(id) {
  const visit = list?.visit(id);
  if (!visit) return;
  if (visit.state === "held") announce(gettext("This time is held for a booking. It is free again if nobody books it."));
  else if (WIDE.matches) void showPanel(id);
}

/** @param {{starts: string, minutes: number, person: string}} drawn */
function draw({ starts, minutes, person }) {
  const name = data.people.find((/** @type {{id: string}} */ each) => each.id === person)?.name ?? "";
  const asked = new URLSearchParams({ practitioner: person, on: starts.slice(0, 10), at: starts.slice(11, 16), minutes: String(minutes) });
  grid?.choose("");
  panel?.offer({ starts, minutes, name, address: `${data.book}?${asked}` });
}

/** @param {import("./calendar-live.js").News} news @param {import("./calendar-live.js").Asked} asked */
function take(news, asked) {
  if (!list) return;
  const { changed, gone } = list.take(news.rows, asked);
  list.sayLate(news.late);
  const redraws = changed.length > MANY || (news.pauses && JSON.stringify(news.pauses) !== JSON.stringify(data.pauses));
  data.pauses = news.pauses ?? data.pauses;
  if (redraws) grid?.redraw(data.pauses);
  else {
    for (const id of gone) grid?.remove(id);
    for (const visit of changed) if (!moving.has(visit.id)) grid?.put(visit);
  }
  grid?.sayLate(news.late);
  const shown = panel?.shown ?? "";
  if (shown && gone.includes(shown)) panel?.say(gettext("This visit is no longer on this day."));
  else if (changed.some((visit) => visit.id === shown) && !document.activeElement?.closest("[data-panel]")) void showPanel(shown, { focus: false });
}

/** @type {Record<string, (event: KeyboardEvent) => boolean>} true when the key was used */
const KEYS = {
  ArrowUp: (event) => step(event),
  ArrowDown: (event) => step(event),
  ArrowLeft: (event) => step(event),
  ArrowRight: (event) => step(event),
  "/": () => openOver("find"),
  "?": () => openOver("shortcuts"),
};

/** A visit that was drawn anew below the dialog has the focus again after it. @param {string} id @returns {boolean} */
function openOver(id) {
  const visit = grid?.focused() ?? "";
  const refocus = () => document.activeElement?.checkVisibility() && document.activeElement !== document.body || grid?.focus(visit);
  if (visit) need(document, `#${id}`).addEventListener("close", refocus, { once: true });
  return openDialog(id);
}

/** @param {KeyboardEvent} event */
function step(event) {
  if (!list || (event.target instanceof Element && event.target.closest("[data-side], [role=region], summary, .hc-cal-tools"))) return false;
  if (grid) return stepInGrid(grid, list, event.key);
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") return false;
  const rows = [...document.querySelectorAll("[data-list] a.hc-cal-who")];
  const at = rows.indexOf(/** @type {Element} */ (document.activeElement));
  const next = rows[at + (event.key === "ArrowDown" ? 1 : -1)] ?? rows[at];
  if (next instanceof HTMLElement) next.focus();
  return Boolean(next);
}

/** @param {Grid} drawn @param {List} rows @param {string} key */
function stepInGrid(drawn, rows, key) {
  const visits = rows.visits.filter((visit) => visit.state !== "cancelled").sort(byTime);
  const { columns, columnOf } = drawn.columns();
  const next = neighbour(visits, drawn.focused(), key, columnOf, columns);
  return next ? drawn.focus(next) : Boolean(drawn.focused());
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (!isForPage(event)) return;
  const link = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (link instanceof HTMLElement && link.checkVisibility()) {
    event.preventDefault();
    link.click();
  } else if (KEYS[event.key]?.(event)) event.preventDefault();
}

async function drawGrid() {
  const place = document.querySelector("[data-grid]");
  if (!drawsGrid || grid || !list || !(place instanceof HTMLElement) || !WIDE.matches) return;
  const rows = list;
  try {
    const library = await loadLibrary(page.dataset.gridScript ?? "");
    grid ??= new Grid(library, place, data, {
      onOpen: open,
      onDrop: (dropped) => void drop(dropped),
      onDraw: draw,
      visits: () => rows.visits,
      visit: (id) => rows.visit(id),
      tag: (id) => rows.tag(id),
    });
    markOnce("hc:calendar-drawn");
    // A frame after the next one has been shown: the bench counts until then.
    requestAnimationFrame(() => requestAnimationFrame(() => markOnce("hc:calendar-shown")));
    openNamed();
  } catch (fault) {
    console.error(fault);
    page.dataset.view = "list";
    need(document, "[data-grid-failed]").hidden = false;
  }
}

/** The address may name a visit: it is opened, and stays open over a reload. */
function openNamed() {
  const id = /^#visit-([0-9a-f-]{36})$/.exec(location.hash)?.[1];
  if (!id || !list?.visit(id)) return;
  if (grid) {
    grid.focus(id);
    void showPanel(id, { focus: false });
  } else list.focus(id);
}

/** @type {ReturnType<typeof setTimeout>|undefined} */
let losing;

/** A blink of the network is not worth a line. @param {"open"|"lost"|"out"} state */
function onState(state) {
  clearTimeout(losing);
  if (state === "lost") losing = setTimeout(() => drawLine("lost"), LOST_AFTER);
  else drawLine(state);
}

/** @param {"open"|"lost"|"out"} state */
function drawLine(state) {
  for (const part of document.querySelectorAll("[data-live]")) {
    if (part instanceof HTMLElement) part.hidden = part.dataset.live !== state;
  }
}

function sayOwnClock() {
  const place = document.querySelector("[data-own-clock]");
  const words = ownTime(Date.now(), data.zone, Intl.DateTimeFormat().resolvedOptions().timeZone);
  if (place) place.textContent = words ? ` ${interpolate(gettext("On your clock it is %(time)s."), { time: words })}` : "";
}

function begin() {
  document.addEventListener("keydown", onKey);
  window.addEventListener("hashchange", openNamed);
  offerLetters();
  sayOwnClock();
  setInterval(sayOwnClock, 15_000);
  findWhileTyping(/** @type {HTMLFormElement} */ (need(document, "form[data-find]")));
  const print = need(document, "[data-print]");
  print.hidden = false;
  print.addEventListener("click", () => window.print());
  const rows = document.querySelector("[data-list]");
  if (!(rows instanceof HTMLElement)) return;
  list = new List(rows);
  panel = new Panel(need(document, "[data-side]"), {
    onMoved: (id, answer) => onForm(id, answer),
    onClosed: (id) => onClosed(id),
  });
  live = new Live(data, { onNews: take, onState, mayLook: () => !grid?.dragging });
  WIDE.addEventListener("change", () => void drawGrid());
  void drawGrid();
  if (!drawsGrid || !WIDE.matches) openNamed();
  live.open();
}

/** @param {string} id @param {import("./forms.js").Answer} answer of the panel's form */
function onForm(id, answer) {
  if (!answer.error) {
    moved(id, answer);
    return;
  }
  panel?.say(Object.values(answer.error.fields ?? {})[0] ?? answer.error.message);
  live?.lookAt(id);
}

/** @param {string} id */
function onClosed(id) {
  grid?.choose("");
  grid?.unselect();
  history.replaceState(null, "", location.pathname + location.search);
  if (id) grid?.focus(id);
}

begin();
