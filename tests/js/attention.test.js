import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Attention } from "../../static/js/attention.js";

/** What the page did: sounds by `chimes` of the document, notices of the device, and what was listened for. */
let notices, listeners, answered;

class Notice {
  static permission = "granted";

  constructor(title, options) {
    Object.assign(this, { title, options, shown: true });
    notices.push(this);
  }

  close() {
    this.shown = false;
  }
}

function set(name, value) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

const chimes = () => Number(document.documentElement.dataset.chimes ?? 0);

function happens(name) {
  for (const listener of [...(listeners.get(name) ?? [])]) listener();
}

beforeEach(() => {
  notices = [];
  listeners = new Map();
  answered = [];
  let clock = 1;
  set("performance", { now: () => clock });
  set("document", {
    hidden: false,
    documentElement: { dataset: {} },
    addEventListener: (name, listener) => listeners.set(name, (listeners.get(name) ?? new Set()).add(listener)),
    removeEventListener: (name, listener) => listeners.get(name)?.delete(listener),
  });
  set("window", { Notification: Notice });
  set("Notification", Notice);
  set("location", { pathname: "/v/1/" });
  set("navigator", {});
  // Not begun, as before a press: it plays nothing, and what the page counts is looked at.
  set("AudioContext", class { state = "suspended"; resume = async () => {}; });
  mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.passes = (seconds) => {
    for (let each = 0; each < seconds; each++) {
      clock += 1_000;
      mock.timers.tick(1_000);
    }
  };
});

afterEach(() => mock.timers.reset());

test("it sounds every ten seconds, after two minutes once a minute, until somebody answers", () => {
  const attention = new Attention((calling) => answered.push(calling));
  attention.call("You are next", "Please come back to the page.");
  assert.equal(chimes(), 1);
  passes(120);
  assert.equal(chimes(), 13);
  passes(180);
  assert.equal(chimes(), 16);
  happens("keydown");
  passes(600);
  assert.equal(chimes(), 16);
  assert.deepEqual(answered, [true, false]);
  assert.ok([...listeners.values()].every((left) => left.size === 0));
});

test("a page that nobody looks at has the device say it, without a name, and takes it back when somebody comes", async () => {
  document.hidden = true;
  const attention = new Attention();
  attention.call("The doctor is ready", "Open the page of your visit.", { seen: true });
  await new Promise(setImmediate);
  assert.deepEqual(notices.map(({ title, options }) => [title, options.body, options.tag]), [
    ["The doctor is ready", "Open the page of your visit.", "visit"],
  ]);
  document.hidden = false;
  happens("visibilitychange");
  assert.equal(notices[0].shown, false);
  assert.equal(attention.calling, false);
});

test("a page that is looked at needs no notice, and what is on it no second sound", () => {
  const attention = new Attention();
  attention.call("The doctor is ready", "", { seen: true });
  passes(60);
  assert.deepEqual([chimes(), attention.calling, notices.length], [1, false, 0]);
});

test("the worker shows it where there is one: phones show no others", async () => {
  const shown = [];
  document.hidden = true;
  const registration = { active: {}, showNotification: async (title, options) => shown.push([title, options.data.page]) };
  set("navigator", { serviceWorker: { getRegistration: async () => registration } });
  new Attention().call("You are next", "");
  await new Promise(setImmediate);
  assert.deepEqual(shown, [["You are next", "/v/1/"]]);
  assert.equal(notices.length, 0);
});

test("nothing is shown without leave, and the sound goes on", async () => {
  Notice.permission = "denied";
  document.hidden = true;
  new Attention().call("You are next", "");
  await new Promise(setImmediate);
  passes(10);
  assert.deepEqual([notices.length, chimes()], [0, 2]);
  Notice.permission = "granted";
});
