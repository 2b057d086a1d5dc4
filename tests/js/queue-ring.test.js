import assert from "node:assert/strict";
import { test } from "node:test";

import { change } from "../../static/js/queue-ring.js";

test("who was not there before is fresh, and rings at once", () => {
  assert.deepEqual(change([], ["ring-ada"]), { fresh: ["ring-ada"], rings: true });
  assert.deepEqual(change(["ring-ada"], ["ring-ada", "ring-ben"]), { fresh: ["ring-ben"], rings: true });
});

test("who still waits rings on without being news", () => {
  assert.deepEqual(change(["ring-ada"], ["ring-ada"]), { fresh: [], rings: true });
});

test("nothing rings once everybody was called or seen", () => {
  assert.deepEqual(change(["ring-ada"], []), { fresh: [], rings: false });
});
