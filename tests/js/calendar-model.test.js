import assert from "node:assert/strict";
import { test } from "node:test";

import {
  byTime, eventOf, goneOf, isDrawn, minutesBetween, neighbour, ownTime, shifted, spokenTime, spokenVisit, visitOf, wallIn,
} from "../../static/js/calendar-model.js";

const visit = (id, person, starts, more = {}) => ({
  id, person, starts, ends: shifted(starts, { seconds: 1_200 }), state: "expected", word: "Expected", name: "Otto Pepperday",
  sequence: 0, movable: true, ...more,
});
const DAY = "2026-11-24T";

test("a row is read as a visit", () => {
  const dataset = { visit: "v", person: "p", state: "waiting", word: "Waiting 14 min", starts: `${DAY}10:10`, ends: `${DAY}10:30`, sequence: "3", movable: "" };
  assert.deepEqual(visitOf({ dataset }, "Otto Pepperday"), {
    id: "v", person: "p", state: "waiting", word: "Waiting 14 min", name: "Otto Pepperday", starts: `${DAY}10:10`, ends: `${DAY}10:30`, sequence: 3, movable: true,
  });
  delete dataset.movable;
  assert.equal(visitOf({ dataset }, "").movable, false);
});

test("a drag moves the time on the wall, over midnight and over days on which clocks change alike", () => {
  assert.equal(shifted(`${DAY}10:10`, { seconds: -600 }), `${DAY}10:00`);
  assert.equal(shifted(`${DAY}23:50`, { seconds: 1_200 }), "2026-11-25T00:10");
  assert.equal(shifted("2027-03-13T02:30", { days: 1 }), "2027-03-14T02:30");
  assert.equal(minutesBetween(`${DAY}10:10`, `${DAY}11:00`), 50);
});

test("times are said as people say them", () => {
  assert.deepEqual(["00:00", "09:05", "12:00", "13:40"].map((at) => spokenTime(DAY + at)), ["12:00 am", "9:05 am", "12:00 pm", "1:40 pm"]);
  const words = spokenVisit(visit("a", "p", `${DAY}10:10`, { movable: false }), "Dr Ines Marlow");
  assert.equal(words, "Otto Pepperday, 10:10 am to 10:30 am, Dr Ines Marlow, Expected, cannot be moved");
});

test("short visits are drawn in one line and cancelled ones not at all", () => {
  assert.ok(eventOf(visit("a", "p", `${DAY}10:10`)).classNames.includes("hc-ev-low"));
  assert.ok(eventOf(visit("a", "p", `${DAY}10:10`, { ends: `${DAY}10:20` })).classNames.includes("hc-ev-lowest"));
  assert.ok(!eventOf(visit("a", "p", `${DAY}10:10`, { ends: `${DAY}10:50` })).classNames.includes("hc-ev-low"));
  assert.equal(isDrawn(visit("a", "p", `${DAY}10:10`, { state: "cancelled" })), false);
});

test("arrows go up and down in a column and to the nearest time of the next column that has any", () => {
  const visits = [visit("a1", "a", `${DAY}09:00`), visit("a2", "a", `${DAY}11:00`), visit("c1", "c", `${DAY}09:20`), visit("c2", "c", `${DAY}10:40`)];
  const go = (from, key) => neighbour(visits, from, key, (each) => each.person, ["a", "b", "c"]);
  assert.equal(go("a1", "ArrowDown"), "a2");
  assert.equal(go("a2", "ArrowDown"), "");
  assert.equal(go("a2", "ArrowUp"), "a1");
  assert.equal(go("a2", "ArrowRight"), "c2");
  assert.equal(go("c1", "ArrowLeft"), "a1");
  assert.equal(go("c1", "ArrowRight"), "");
  assert.equal(go("", "ArrowDown"), "a1");
  assert.equal(neighbour([], "", "ArrowDown", () => "", []), "");
});

test("in a week the columns are days, and the nearest time of day counts", () => {
  const visits = [visit("mon", "a", "2026-11-23T15:00"), visit("tue1", "a", "2026-11-24T09:00"), visit("tue2", "a", "2026-11-24T14:30")];
  const columns = ["2026-11-23", "2026-11-24"];
  assert.equal(neighbour(visits, "mon", "ArrowRight", (each) => each.starts.slice(0, 10), columns), "tue2");
});

test("what an answer leaves out is gone only where it was asked about", () => {
  const shown = [visit("a", "p", `${DAY}09:00`), visit("b", "p", `${DAY}10:00`), visit("c", "q", `${DAY}10:00`)];
  const asked = (more) => ({ whole: false, visits: new Set(), people: new Set(), ...more });
  assert.deepEqual(goneOf(shown, new Set(["a"]), asked({ visits: new Set(["a", "b"]) })), ["b"]);
  assert.deepEqual(goneOf(shown, new Set(["b"]), asked({ people: new Set(["p"]) })), ["a"]);
  assert.deepEqual(goneOf(shown, new Set(["c"]), asked({ whole: true })), ["a", "b"]);
  assert.deepEqual(goneOf(shown, new Set(), asked({})), []);
});

test("visits of one time stand in one order", () => {
  const visits = [visit("b", "p", `${DAY}10:00`), visit("a", "p", `${DAY}10:00`), visit("c", "p", `${DAY}09:00`)];
  assert.deepEqual(visits.sort(byTime).map(({ id }) => id), ["c", "a", "b"]);
});

test("the reader's own clock is told only where it shows another time", () => {
  const instant = Date.parse("2026-11-24T16:10:00Z");
  assert.equal(wallIn(instant, "America/Chicago"), `${DAY}10:10`);
  assert.equal(ownTime(instant, "America/Chicago", "America/Winnipeg"), "");
  assert.equal(ownTime(instant, "America/Chicago", "Europe/Berlin"), "5:10 pm, Berlin time");
  assert.equal(ownTime(instant, "America/Chicago", "Pacific/Auckland"), "5:10 am, Wednesday, Auckland time");
});
