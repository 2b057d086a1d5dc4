import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { gettext, interpolate, ngettext, pgettext } from "../../static/js/words.js";

afterEach(() => delete globalThis.django);

test("without a catalogue the words are the English ones", () => {
  assert.equal(gettext("You are next"), "You are next");
  assert.equal(ngettext("%(count)s door", "%(count)s doors", 1), "%(count)s door");
  assert.equal(ngettext("%(count)s door", "%(count)s doors", 0), "%(count)s doors");
  assert.equal(pgettext("a door", "Open"), "Open");
});

test("with a catalogue they are its own", () => {
  globalThis.django = {
    gettext: (text) => ({ "You are next": "Usted sigue" })[text] ?? text,
    ngettext: (one, many, count) => (count === 1 ? "%(count)s puerta" : "%(count)s puertas"),
    pgettext: (context) => (context === "a door" ? "Abierta" : "Abrir"),
  };
  assert.equal(gettext("You are next"), "Usted sigue");
  assert.equal(interpolate(ngettext("%(count)s door", "%(count)s doors", 2), { count: 2 }), "2 puertas");
  assert.equal(pgettext("a door", "Open"), "Abierta");
});

test("values are filled in by name, in any order, and are not read themselves", () => {
  assert.equal(interpolate("%(b)s and %(a)s", { a: "%(b)s", b: 2 }), "2 and %(b)s");
  assert.equal(interpolate("%(nobody)s", {}), "%(nobody)s");
  assert.equal(interpolate("80 %% of %(x)s", { x: "it" }), "80 % of it");
});
