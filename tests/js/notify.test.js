import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";

import { fieldsOf, possible } from "../../static/js/notify.js";

const ALL = { worker: true, push: true, notification: true, agent: "Mozilla/5.0 (X11; Linux x86_64)", touch: 0 };

test("a browser that has everything can be told", () => {
  assert.equal(possible(ALL), "off");
  assert.equal(possible({ ...ALL, agent: "Mozilla/5.0 (iPhone)" }), "off");
});

test("an iPhone and an iPad that cannot be told are named as such, a Mac is not", () => {
  const without = { ...ALL, push: false };
  assert.equal(possible({ ...without, agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0)" }), "apple");
  assert.equal(possible({ ...without, agent: "Mozilla/5.0 (Macintosh)", touch: 5 }), "apple");
  assert.equal(possible({ ...without, agent: "Mozilla/5.0 (Macintosh)", touch: 0 }), "none");
  assert.equal(possible({ ...ALL, worker: false }), "none");
  assert.equal(possible({ ...ALL, notification: false }), "none");
});

test("a subscription without its keys is none", () => {
  const keys = { p256dh: "p", auth: "a" };
  assert.deepEqual(fieldsOf({ endpoint: "https://e", keys }), { endpoint: "https://e", ...keys });
  assert.equal(fieldsOf({ endpoint: "https://e" }), null);
  assert.equal(fieldsOf({ endpoint: "https://e", keys: { p256dh: "p" } }), null);
  assert.equal(fieldsOf({ keys }), null);
});

/** The worker's own code with a browser made of wishes. */
function worker(windows = []) {
  const heard = {};
  const shown = [];
  const opened = [];
  const self = {
    location: { origin: "https://clinic.example" },
    registration: { showNotification: async (title, options) => shown.push({ title, ...options }) },
    clients: { matchAll: async () => windows, openWindow: async (path) => opened.push(path) },
    skipWaiting() {},
    addEventListener: (name, listener) => (heard[name] = listener),
  };
  vm.runInNewContext(readFileSync(new URL("../../static/js/worker.js", import.meta.url), "utf8"), { self, URL });
  const wait = [];
  const fire = async (name, event) => {
    heard[name]({ ...event, waitUntil: (promise) => wait.push(promise) });
    await Promise.all(wait);
  };
  const push = (told) => fire("push", { data: told === undefined ? null : { json: () => JSON.parse(told) } });
  const press = (page) => fire("notificationclick", { notification: { close() {}, data: { page } } });
  return { shown, opened, push, press };
}

test("what was sent is shown, with the page that it leads to", async () => {
  const { shown, push } = worker();
  await push(JSON.stringify({ title: "You are next", body: "Open", tag: "t", url: "/v/1/" }));
  assert.equal(shown[0].title, "You are next");
  assert.deepEqual([shown[0].body, shown[0].tag, shown[0].data.page], ["Open", "t", "/v/1/"]);
});

test("a page of another house, or a secret, is no page", async () => {
  const { shown, push } = worker();
  for (const url of ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example/", "javascript:alert(1)", 7, null]) {
    await push(JSON.stringify({ title: "a", body: "b", url }));
  }
  assert.deepEqual(shown.map(({ data }) => data.page), [null, null, null, null, null, null]);
  await push(JSON.stringify({ title: "a", body: "b", url: "/v/1/#secret" }));
  assert.equal(shown.at(-1).data.page, "/v/1/");
});

test("something is shown whatever was sent", async () => {
  const { shown, push } = worker();
  for (const told of [undefined, "", "no json", "null", "[]", '{"title": 1}', '{"title": "a"}']) await push(told);
  assert.deepEqual(new Set(shown.map(({ title }) => title)), new Set(["Your visit"]));
  assert.equal(shown.length, 7);
});

test("a press comes to the page that is open, or opens it", async () => {
  let focused = 0;
  const open = { url: "https://clinic.example/v/1/?step=check#x", focus: async () => (focused += 1) };
  const { opened, press } = worker([{ url: "https://clinic.example/v/2/", focus() {} }, open]);
  await press("/v/1/");
  assert.deepEqual([focused, opened], [1, []]);
  await press("/v/3/");
  await press(null);
  assert.deepEqual(opened, ["/v/3/", "/"]);
});
