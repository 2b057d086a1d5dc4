import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const source = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** Every module that an entry needs, itself left out. */
function needed(entry, found = new Set()) {
  for (const [, name] of source(`static/js/${entry}`).matchAll(/^import .* from "\.\/(.+)";$/gm)) {
    if (found.has(name)) continue;
    found.add(name);
    needed(name, found);
  }
  return found;
}

test("pages of a call ask for every module at once", () => {
  const listed = new Set([...source("templates/consults/_call_modules.html").matchAll(/js\/([\w-]+\.js)/g)].map(([, name]) => name));
  for (const entry of ["call.js", "visit.js", "guest.js"]) {
    assert.deepEqual([...needed(entry)].filter((name) => !listed.has(name)), []);
  }
});
