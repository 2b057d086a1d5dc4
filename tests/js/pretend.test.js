import assert from "node:assert/strict";
import { test } from "node:test";

import { hum, nod } from "../../static/js/pretend-devices.js";

test("the head goes down and up again once in four seconds, and is still between", () => {
  assert.equal(nod(0), 0);
  assert.ok(nod(450) > 0.99);
  assert.equal(nod(900), 0);
  assert.equal(nod(3_999), 0);
  assert.equal(nod(4_450), nod(450));
});

test("the hum is soft, goes with the nod, and has no step where two pieces meet", () => {
  const whole = hum(0, 48_000);
  assert.ok(Math.max(...whole) > 0.03 && Math.max(...whole) <= 0.062);
  const between = Math.max(...hum(1_000, 4_800));
  assert.ok(between > 0.0015 && between < 0.0025);
  const pieces = [...hum(0, 480), ...hum(10, 480)];
  pieces.forEach((sample, at) => assert.ok(Math.abs(sample - whole[at]) < 1e-6));
});
