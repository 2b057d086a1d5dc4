/** The drawn calendar: EventCalendar with our visits, colours and words. What a drag means is the page's to say. */

import { eventOf, isDrawn, minutesBetween, pauseEvent, shifted, spokenTime, spokenVisit, wallIn } from "./calendar-model.js";
import { make, markOnce } from "./dom.js";
import { gettext, locale } from "./words.js";

/** @typedef {import("./calendar-model.js").Visit} Visit */
/** @typedef {{id: string, name: string, short: string}} Person */
/**
 * @typedef {Object} GridData
 * @property {"day"|"week"|"list"} view
 * @property {Person[]} people
 * @property {string} first
 * @property {number} days
 * @property {[string, string]} hours
 * @property {{person: string, start: string, end: string, label: string}[]} pauses
 * @property {string} zone
 * @property {string} offset
 * @property {boolean} mayBook
 */
/** @typedef {{id: string, starts: string, minutes: number, person: string}} Place where a visit was dropped */
/** @typedef {{person: string, starts: string, minutes: number}} Drawn a time that was drawn */
/**
 * @typedef {Object} Handlers
 * @property {(id: string) => void} onOpen
 * @property {(place: Place) => void} onDrop
 * @property {(drawn: Drawn) => void} onDraw
 * @property {() => Iterable<Visit>} visits
 * @property {(id: string) => Visit|undefined} visit
 * @property {(id: string) => Element|null} tag
 */

const SLOT = 60;
/** Minutes of the past in view above the present; the library adds half a slot. */
const BEFORE_NOW = 90;
const SNAP = "00:05";
const MOST_NOW_WORDS = 15_000;
/** A column is at least so wide (13rem); those beside the view are drawn with it, the others when the page has time. */
const COLUMN = 208;
const BESIDE = 2;
const AT_ONCE = 3;

/** @param {() => void} work */
const whenIdle = (work) => ("requestIdleCallback" in globalThis ? requestIdleCallback(work, { timeout: 500 }) : setTimeout(work, 30));

/**
 * The one global of the vendored file; it comes on its own, because phones do not need it.
 * @param {string} address
 * @returns {Promise<any>}
 */
export function loadLibrary(address) {
  const known = /** @type {any} */ (globalThis).EventCalendar;
  if (known) return Promise.resolve(known);
  return new Promise((resolve, reject) => {
    const script = make("script", { src: address });
    script.addEventListener("load", () => resolve(/** @type {any} */ (globalThis).EventCalendar));
    script.addEventListener("error", () => reject(new Error("the calendar's script did not load")));
    document.head.append(script);
  });
}

export class Grid {
  #place;
  #data;
  #handlers;
  #calendar;
  #chosen = "";
  #reach = "";
  #names;
  #dragging = false;
  /** @type {Set<string>} practitioners whose columns are still empty */
  #undrawn = new Set();

  /**
   * @param {any} library
   * @param {HTMLElement} place
   * @param {GridData} data
   * @param {Handlers} handlers
   */
  constructor(library, place, data, handlers) {
    this.#place = place;
    this.#data = data;
    this.#handlers = handlers;
    this.#names = new Map(data.people.map((person) => [person.id, person]));
    place.replaceChildren();
    if (data.view === "day") {
      const inView = Math.ceil(place.clientWidth / COLUMN) + BESIDE;
      this.#undrawn = new Set(data.people.slice(inView).map((person) => person.id));
    }
    this.#calendar = library.create(place, { ...this.#options(), events: this.#events() });
    if (this.#undrawn.size) whenIdle(() => this.#drawMore());
    this.#plain();
    place.addEventListener("click", (event) => this.#pressed(event));
    this.#sayNow();
    setInterval(() => this.#sayNow(), MOST_NOW_WORDS);
  }

  /** Whether a visit is in somebody's hand: nothing is redrawn under it. */
  get dragging() {
    return this.#dragging;
  }

  /** @param {Visit} visit */
  put(visit) {
    const had = this.#element(visit.id)?.contains(document.activeElement);
    if (!isDrawn(visit) || this.#undrawn.has(visit.person)) this.#calendar.removeEventById(visit.id);
    else if (!this.#calendar.updateEvent(eventOf(visit))) this.#calendar.addEvent(eventOf(visit));
    if (had) this.#later(() => this.focus(visit.id));
  }

  /** @param {string} id */
  remove(id) {
    this.#calendar.removeEventById(id);
  }

  /** @param {GridData["pauses"]} pauses */
  redraw(pauses) {
    this.#data.pauses = pauses;
    this.#undrawn.clear();
    const focused = this.focused();
    this.#calendar.setOption("events", this.#events());
    if (focused) this.#later(() => this.focus(focused));
  }

  /** @param {Record<string, string>} late words by practitioner */
  sayLate(late) {
    for (const [id, words] of Object.entries(late)) {
      const place = this.#place.querySelector(`[data-late-of="${CSS.escape(id)}"]`);
      if (place && place.textContent !== words) place.textContent = words;
    }
  }

  /** @param {string} id "" for none */
  choose(id) {
    this.#element(this.#chosen)?.classList.remove("is-chosen");
    this.#chosen = id;
    this.#element(id)?.classList.add("is-chosen");
  }

  /** @returns {string} id of the visit that has the focus, or "" */
  focused() {
    const found = document.activeElement?.closest("[data-event]");
    return found instanceof HTMLElement && this.#place.contains(found) ? (found.dataset.event ?? "") : "";
  }

  /** @param {string} id @returns {boolean} whether it is drawn */
  focus(id) {
    const person = this.#handlers.visit(id)?.person ?? "";
    if (this.#undrawn.has(person)) {
      this.#draw([person]);
      this.#later(() => this.focus(id));
      return true;
    }
    const button = this.#button(id);
    if (!button) return false;
    this.#reachBy(id);
    button.focus();
    button.scrollIntoView({ block: "nearest", inline: "nearest" });
    return true;
  }

  /** The columns as the arrow keys walk through them. @returns {{columns: string[], columnOf: (visit: Visit) => string}} */
  columns() {
    if (this.#data.view === "day") {
      return { columns: this.#data.people.map((person) => person.id), columnOf: (visit) => visit.person };
    }
    const days = Array.from({ length: this.#data.days }, (_, day) => shifted(`${this.#data.first}T00:00`, { days: day }).slice(0, 10));
    const columns = days.flatMap((day) => this.#data.people.map((person) => `${day} ${person.id}`));
    return { columns, columnOf: (visit) => `${visit.starts.slice(0, 10)} ${visit.person}` };
  }

  unselect() {
    this.#calendar.unselect();
  }

  #options() {
    const byPerson = this.#data.view === "day";
    const { hours, people, first, mayBook } = this.#data;
    return {
      // A week of several has a column for each of them under each day, as wide as a name needs.
      view: byPerson ? "resourceTimeGridDay" : people.length > 1 ? "resourceTimeGridWeek" : "timeGridWeek",
      datesAboveResources: !byPerson,
      date: first,
      firstDay: 1,
      timeZone: this.#data.offset,
      headerToolbar: { start: "", center: "", end: "" },
      allDaySlot: false,
      slotMinTime: hours[0],
      slotMaxTime: hours[1],
      slotDuration: "00:30",
      slotHeight: SLOT,
      slotLabelInterval: "01:00",
      slotLabelFormat: (/** @type {Date} */ at) => `${at.getHours() % 12 || 12} ${at.getHours() < 12 ? gettext("am") : gettext("pm")}`,
      slotEventOverlap: false,
      snapDuration: SNAP,
      columnWidth: byPerson ? "minmax(13rem, 1fr)" : people.length > 1 ? "minmax(9rem, 1fr)" : "minmax(6.5rem, 1fr)",
      nowIndicator: true,
      scrollTime: this.#opensAt(),
      resources: people.map((person) => ({ id: person.id, title: byPerson ? person.name : person.short })),
      resourceLabelContent: (/** @type {any} */ { resource }) => (byPerson ? this.#head(resource) : resource.title),
      dayHeaderFormat: (/** @type {Date} */ at) => at.toLocaleDateString(locale("en-GB"), { weekday: "short", day: "numeric", month: "short" }),
      editable: true,
      selectable: mayBook,
      unselectAuto: false,
      longPressDelay: 500,
      eventContent: (/** @type {any} */ { event }) => this.#content(event),
      eventDidMount: (/** @type {any} */ { event, el }) => this.#mounted(event, el),
      eventAllUpdated: () => this.#drawn(),
      eventDragStart: () => (this.#dragging = true),
      eventResizeStart: () => (this.#dragging = true),
      eventDragStop: () => (this.#dragging = false),
      eventResizeStop: () => (this.#dragging = false),
      eventDrop: (/** @type {any} */ info) => this.#dropped(info),
      eventResize: (/** @type {any} */ info) => this.#resized(info),
      select: (/** @type {any} */ info) => this.#selected(info),
    };
  }

  /** All that is to be drawn now. @param {(person: string) => boolean} [wanted] */
  #events(wanted = (person) => !this.#undrawn.has(person)) {
    const visits = [...this.#handlers.visits()].filter((visit) => isDrawn(visit) && wanted(visit.person));
    return [...this.#data.pauses.map(pauseEvent).filter((pause) => wanted(pause.resourceIds[0])), ...visits.map(eventOf)];
  }

  /** @param {string[]} people */
  #draw(people) {
    for (const person of people) this.#undrawn.delete(person);
    for (const event of this.#events((person) => people.includes(person))) this.#calendar.addEvent(event);
  }

  /** A few columns at a time, so that nothing the reader does waits for those out of view. */
  #drawMore() {
    if (!this.#dragging) this.#draw([...this.#undrawn].slice(0, AT_ONCE));
    if (this.#undrawn.size) whenIdle(() => this.#drawMore());
    else markOnce("hc:calendar-whole");
  }

  /** @param {{id: string, title: string}} resource */
  #head(resource) {
    const late = make("span", { class: "hc-grid-late", "data-late-of": resource.id }, this.#lateOf(resource.id));
    return { domNodes: [make("span", { class: "hc-grid-name" }, resource.title), late] };
  }

  /** @param {string} id */
  #lateOf(id) {
    const said = document.querySelector(`[data-list] [data-person="${CSS.escape(id)}"] [data-late]`)?.textContent ?? "";
    return said.replace(/^, /, "");
  }

  /** A real button opens the visit; the library's own would be a role on an element that may not have it. @param {any} event */
  #content(event) {
    if (event.display === "background") return { domNodes: [make("span", { class: "hc-ev-label" }, event.title)] };
    const visit = this.#handlers.visit(event.id);
    if (!visit) return { domNodes: [] };
    this.#reach ||= visit.id;
    const words = spokenVisit(visit, this.#names.get(visit.person)?.name ?? "");
    const button = make("button", { class: "hc-ev-open", type: "button", "aria-label": words, tabindex: visit.id === this.#reach ? "0" : "-1" });
    button.append(make("span", { class: "hc-ev-name" }, visit.name));
    const tag = this.#handlers.tag(visit.id);
    if (tag) button.append(tag.cloneNode(true));
    return { domNodes: [button] };
  }

  /** @param {any} event @param {HTMLElement} element */
  #mounted(event, element) {
    if (event.display === "background") return;
    element.dataset.event = event.id;
    element.classList.toggle("is-chosen", event.id === this.#chosen);
  }

  /** The library sets the classes of what changed anew. */
  #drawn() {
    this.#element(this.#chosen)?.classList.add("is-chosen");
    this.#plain();
  }

  /** The library calls the grid a table; it holds buttons in the order of time, and a reader of tables would be lost. */
  #plain() {
    for (const element of this.#place.querySelectorAll("[role=table], [role=row], [role=rowgroup], [role=cell], [role=rowheader], [role=columnheader]")) {
      element.removeAttribute("role");
      for (const name of ["aria-colindex", "aria-colspan", "aria-rowindex", "aria-colcount"]) element.removeAttribute(name);
    }
  }

  /** One visit is in the tab order, the arrows reach the others. @param {string} id */
  #reachBy(id) {
    const before = this.#button(this.#reach);
    if (before) before.tabIndex = -1;
    this.#reach = id;
    const button = this.#button(id);
    if (button) button.tabIndex = 0;
  }

  /** @param {MouseEvent} event */
  #pressed(event) {
    const found = event.target instanceof Element ? event.target.closest("[data-event]") : null;
    const id = found instanceof HTMLElement ? (found.dataset.event ?? "") : "";
    if (!id) return;
    this.#reachBy(id);
    this.#handlers.onOpen(id);
  }

  /** @param {any} info */
  #dropped({ event, delta, newResource }) {
    const visit = this.#handlers.visit(event.id);
    if (!visit) return;
    const starts = shifted(visit.starts, delta);
    const minutes = minutesBetween(visit.starts, visit.ends);
    this.#handlers.onDrop({ id: visit.id, starts, minutes, person: newResource?.id ?? visit.person });
  }

  /** @param {any} info */
  #resized({ event, endDelta }) {
    const visit = this.#handlers.visit(event.id);
    if (!visit) return;
    const minutes = minutesBetween(visit.starts, shifted(visit.ends, endDelta));
    this.#handlers.onDrop({ id: visit.id, starts: visit.starts, minutes, person: visit.person });
  }

  /** @param {any} info */
  #selected({ startStr, endStr, resource }) {
    const starts = startStr.slice(0, 16);
    const person = resource?.id ?? (this.#data.people.length === 1 ? this.#data.people[0].id : "");
    this.#handlers.onDraw({ person, starts, minutes: minutesBetween(starts, endStr.slice(0, 16)) });
  }

  /** @param {string} id @returns {HTMLElement|null} */
  #element(id) {
    return id ? this.#place.querySelector(`[data-event="${CSS.escape(id)}"]:not(.ec-ghost, .ec-preview)`) : null;
  }

  /** @param {string} id @returns {HTMLElement|null} */
  #button(id) {
    return this.#element(id)?.querySelector(".hc-ev-open") ?? null;
  }

  /** Where the grid opens, which the library itself scrolls to: a little before the present, or where the day begins. */
  #opensAt() {
    const { first, days, hours, zone } = this.#data;
    const wall = wallIn(Date.now(), zone);
    const day = wall.slice(0, 10);
    if (day < first || day >= shifted(`${first}T00:00`, { days }).slice(0, 10)) return hours[0];
    const from = shifted(wall, { seconds: -60 * BEFORE_NOW });
    return from > `${day}T${hours[0]}` ? from.slice(11, 16) : hours[0];
  }

  #sayNow() {
    const words = spokenTime(wallIn(Date.now(), this.#data.zone));
    this.#place.style.setProperty("--hc-now-words", JSON.stringify(words));
  }

  /** The library draws in a microtask. @param {() => void} work */
  #later(work) {
    setTimeout(work);
  }
}
