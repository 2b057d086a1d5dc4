import assert from "node:assert/strict";
import { test } from "node:test";

import { wordsFor } from "../../static/js/queue-ask.js";

test("question names who comes and who is left alone", () => {
  const words = wordsFor("Otto", ["Rosalind"]);
  assert.equal(words.question, "Put Rosalind on hold?");
  assert.equal(words.why, "You are with Rosalind. The visit stays open, and Rosalind is told that you come back.");
  assert.deepEqual([words.yes, words.no], ["Put on hold, call Otto in", "Stay with Rosalind"]);
});

test("question names everybody who is with you", () => {
  const words = wordsFor("Otto", ["Rosalind", "June", "Ivo"]);
  assert.match(words.why, /^You are with Rosalind, June and Ivo\. Their visits stay open, and they are told/);
  assert.equal(words.no, "Stay with Rosalind, June and Ivo");
});
