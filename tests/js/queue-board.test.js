import assert from "node:assert/strict";
import { test } from "node:test";

import { newRows, twinsOf, wouldMove } from "../../static/js/queue-board.js";

const ROWS = ["next", "ada", "ben", "cleo"];

test("held row would move when anything above it comes, goes or changes places", () => {
  assert.ok(wouldMove(ROWS, ["next", "new", "ada", "ben", "cleo"], "ben"));
  assert.ok(wouldMove(ROWS, ["next", "ben", "cleo"], "ben"));
  assert.ok(wouldMove(ROWS, ["next", "ben", "ada", "cleo"], "ben"));
  assert.ok(wouldMove(ROWS, ["next", "new", "ben", "cleo"], "ben"));
});

test("held row that is gone would move", () => {
  assert.ok(wouldMove(ROWS, ["next", "ada", "cleo"], "ben"));
  assert.ok(wouldMove(ROWS, ["next", "ada"], "ben"));
});

test("held row stays where only what is below it changes", () => {
  assert.ok(!wouldMove(ROWS, ROWS, "ben"));
  assert.ok(!wouldMove(ROWS, ["next", "ada", "ben"], "ben"));
  assert.ok(!wouldMove(ROWS, ["next", "ada", "ben", "new", "cleo"], "ben"));
});

test("nothing moves under a hand that holds no row", () => {
  assert.ok(!wouldMove(ROWS, ["new"], ""));
  assert.ok(!wouldMove(ROWS, ["new"], "elsewhere"));
});

test("new rows are visits that were not there, not parts of the board", () => {
  const [old, fresh] = ["0198a7c2-0000-7000-8000-000000000001", "0198a7c2-0000-7000-8000-000000000002"];
  assert.deepEqual(newRows([old, "done"], [fresh, old, "next", "done"]), [fresh]);
});

/** @param {string} keys names of rows, with "." for the space between them */
const children = (keys) => [...keys].map((key) => (key === "." ? { key: "", kind: "#text" } : { key, kind: "LI" }));
const twins = (/** @type {string} */ before, /** @type {string} */ after) => twinsOf(children(before), children(after));

test("every row that stays keeps its element, whatever its new place", () => {
  assert.deepEqual(twins("abc", "cab"), [2, 0, 1]);
  assert.deepEqual(twins("abc", "bc"), [1, 2]);
  assert.deepEqual(twins("abc", "anbc"), [0, -1, 1, 2]);
});

test("row never takes the element of another", () => {
  assert.deepEqual(twins("ab", "xy"), [-1, -1]);
  assert.deepEqual(twins("a", "aa"), [0, -1]);
  assert.deepEqual(twinsOf([{ key: "a", kind: "LI" }], [{ key: "a", kind: "DIV" }]), [-1]);
});

test("words without a key stay with the row before them and never become a row", () => {
  assert.deepEqual(twins("a.b.", "a.b."), [0, 1, 2, 3]);
  assert.deepEqual(twins(".a", "a."), [1, 0]);
  assert.deepEqual(twins("a.", ".a"), [-1, 0]);
  assert.deepEqual(twinsOf([{ key: "", kind: "P" }], [{ key: "", kind: "DIV" }]), [-1]);
});
