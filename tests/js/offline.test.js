import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";

const source = readFileSync(new URL("../../static/js/offline.js", import.meta.url), "utf8");
const settled = () => new Promise((done) => setImmediate(done));

/** The page's own script on a page made of wishes; the house is there when `house.isUp`. */
function offline(pathname = "/v/1/") {
  const house = { isUp: false, asked: [] };
  const heard = {};
  const gone = [];
  const attributes = new Map();
  const button = {
    textContent: "Try again",
    dataset: { busy: "Trying", still: "Still not" },
    style: {},
    offsetWidth: 160,
    getAttribute: (name) => attributes.get(name) ?? null,
    setAttribute: (name, value) => attributes.set(name, value),
    removeAttribute: (name) => attributes.delete(name),
    addEventListener: (name, listener) => (heard[name] = listener),
  };
  const said = { textContent: "" };
  const navigator = { onLine: false };
  const document = {
    hidden: false,
    querySelector: (selector) => (selector === "[data-again]" ? button : said),
    addEventListener: (name, listener) => (heard[name] = listener),
  };
  const window = {
    addEventListener: (name, listener) => (heard[name] = listener),
    setInterval: (listener) => (heard.interval = listener),
  };
  const location = { pathname, reload: () => gone.push("reload"), replace: (path) => gone.push(path) };
  const fetch = async (path, { method }) => {
    house.asked.push(`${method} ${path}`);
    if (!house.isUp) throw new TypeError("Failed to fetch");
    return { ok: true };
  };
  vm.runInNewContext(source, { document, window, location, navigator, fetch, AbortSignal });
  return { house, heard, gone, button, said, navigator, document };
}

test("a press looks for the house and says that it is not there", async () => {
  const { house, heard, gone, button, said } = offline();
  heard.click();
  assert.deepEqual([button.textContent, button.getAttribute("aria-busy")], ["Trying", "true"]);
  heard.click();
  await settled();
  assert.deepEqual([button.textContent, button.getAttribute("aria-busy"), said.textContent], ["Try again", null, "Still not"]);
  assert.deepEqual([house.asked, gone], [["HEAD /healthz"], []]);
});

test("a press leads on when the house is there", async () => {
  const { house, heard, gone, button } = offline();
  house.isUp = true;
  heard.click();
  await settled();
  assert.deepEqual([gone, button.textContent], [["reload"], "Trying"]);
});

test("it goes on by itself when the device is connected again, or looked at again", async () => {
  for (const sign of ["online", "visibilitychange"]) {
    const { house, heard, gone } = offline();
    heard[sign]();
    await settled();
    assert.deepEqual(gone, []);
    house.isUp = true;
    heard[sign]();
    await settled();
    assert.deepEqual(gone, ["reload"]);
  }
});

test("it asks on where the device believes itself connected, and not where it knows better", async () => {
  const { house, heard, navigator, document } = offline();
  heard.interval();
  document.hidden = true;
  heard.visibilitychange();
  assert.deepEqual(house.asked, []);
  navigator.onLine = true;
  heard.interval();
  await settled();
  assert.deepEqual(house.asked, ["HEAD /healthz"]);
});

test("whoever has opened the page itself comes to the first page, and not before they press", async () => {
  const { house, heard, gone, navigator } = offline("/offline/");
  house.isUp = navigator.onLine = true;
  heard.interval();
  await settled();
  assert.deepEqual(house.asked, []);
  heard.click();
  await settled();
  assert.deepEqual(gone, ["/"]);
});
