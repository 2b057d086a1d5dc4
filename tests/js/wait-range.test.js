import assert from "node:assert/strict";
import { test } from "node:test";

import { marks, rangeWords } from "../../static/js/wait-range.js";

const words = (low, high) => rangeWords(low * 60, high * 60);

test("a wait is told as a range in whole minutes", () => {
  assert.equal(words(5, 12), "about 5 to 12 minutes");
  assert.equal(words(0, 5), "less than 5 minutes");
  assert.equal(words(0, 14), "less than 14 minutes");
});

test("a long wait is told in hours and minutes", () => {
  assert.equal(words(55, 75), "about 55 minutes to 1 hour 15 minutes");
  assert.equal(words(40, 60), "about 40 minutes to 1 hour");
  assert.equal(words(60, 120), "about 1 hour to 2 hours");
});

test("the scale holds the range and grows when it must", () => {
  assert.deepEqual(marks(5 * 60), [0, 10, 20, 30]);
  assert.deepEqual(marks(30 * 60), [0, 10, 20, 30]);
  assert.deepEqual(marks(31 * 60), [0, 20, 40, 60]);
  assert.deepEqual(marks(200 * 60), [0, 70, 140, 210]);
});
