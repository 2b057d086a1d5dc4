import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";

const HOUSE = "https://clinic.example";
const source = readFileSync(new URL("../../static/js/worker.js", import.meta.url), "utf8");

const page = (text, language = "en-gb") => new Response(text, { headers: { "Content-Language": language } });

/** The worker's own code; `answers` is what the house says by path, and an error where it is out of reach. */
function worker(answers, { preload = async () => undefined } = {}) {
  const heard = {};
  const asked = [];
  const stored = new Map();
  let isPreloading = false;
  const cache = {
    put: async (path, answer) => void stored.set(path, answer),
    match: async (path) => stored.get(path)?.clone(),
  };
  const self = {
    location: { origin: HOUSE },
    registration: { navigationPreload: { enable: async () => void (isPreloading = true) } },
    caches: { open: async () => cache },
    skipWaiting() {},
    addEventListener: (name, listener) => (heard[name] = listener),
  };
  const fetch = async (wanted) => {
    const path = typeof wanted === "string" ? wanted : new URL(wanted.url).pathname;
    asked.push(path);
    const answer = answers[path];
    if (!answer) throw new TypeError("Failed to fetch");
    return answer();
  };
  vm.runInNewContext(source, { self, URL, fetch });
  const fire = async (name, event = {}) => {
    const waits = [];
    let answer;
    heard[name]({ ...event, waitUntil: (promise) => waits.push(promise), respondWith: (promise) => (answer = promise) });
    const answered = answer && (await answer);
    await Promise.all(waits);
    return answered;
  };
  const open = (path, request = {}) =>
    fire("fetch", { request: { url: HOUSE + path, mode: "navigate", method: "GET", ...request }, preloadResponse: preload(path) });
  return { fire, open, asked, kept: () => [...stored.keys()], isPreloading: () => isPreloading };
}

test("it keeps the one page, and asks for pages while it is being started", async () => {
  const { fire, kept, isPreloading } = worker({ "/offline/": () => page("not connected") });
  await fire("install");
  await fire("activate");
  assert.deepEqual([kept(), isPreloading()], [["/offline/"], true]);
});

test("a browser that cannot ask beforehand, and a house that is away, are no hindrance to notices", async () => {
  const { fire, kept } = worker({});
  await fire("install");
  assert.deepEqual(kept(), []);
  const other = worker({ "/offline/": () => new Response("broken", { status: 503 }) });
  await other.fire("install");
  assert.deepEqual(other.kept(), []);
});

test("it touches nothing but the opening of pages", async () => {
  const { open, asked } = worker({ "/v/1/": () => page("a name") });
  for (const request of [{ mode: "cors" }, { mode: "same-origin" }, { mode: "no-cors" }, { method: "POST" }]) {
    assert.equal(await open("/v/1/", request), undefined);
  }
  assert.deepEqual(asked, []);
});

test("pages come from the house and are not kept", async () => {
  const { fire, open, kept } = worker({ "/offline/": () => page("not connected"), "/v/1/": () => page("a name") });
  await fire("install");
  assert.equal(await (await open("/v/1/")).text(), "a name");
  assert.deepEqual(kept(), ["/offline/"]);
});

test("what the browser has asked for already is not asked for again", async () => {
  const { open, asked } = worker({}, { preload: async () => new Response("early") });
  assert.equal(await (await open("/v/1/")).text(), "early");
  assert.deepEqual(asked, []);
});

test("refusals and what is absent come as the house says them", async () => {
  const { fire, open } = worker({ "/offline/": () => page("not connected"), "/no/": () => new Response("absent", { status: 404 }) });
  await fire("install");
  assert.equal((await open("/no/")).status, 404);
});

test("where the house is out of reach the kept page comes, however it was asked for", async () => {
  const answers = { "/offline/": () => page("not connected") };
  const failed = [async () => undefined, async () => Promise.reject(new TypeError("network")), async () => Response.error()];
  for (const preload of failed) {
    const { fire, open } = worker(answers, { preload });
    await fire("install");
    assert.equal(await (await open("/v/1/")).text(), "not connected");
    assert.equal(await (await open("/")).text(), "not connected");
  }
});

test("with no page kept the browser says what it says", async () => {
  const { open } = worker({});
  await assert.rejects(open("/v/1/"), /Failed to fetch/);
});

test("the kept page follows the language of the pages, and is asked for once", async () => {
  let language = "en-gb";
  const { fire, open, asked } = worker({
    "/offline/": () => page(`not connected, ${language}`, language),
    "/": () => page("home", language),
    "/away/": undefined,
    "/icon.png": () => new Response("no page"),
  });
  await fire("install");
  await open("/");
  await open("/icon.png");
  assert.equal(asked.filter((path) => path === "/offline/").length, 1);
  language = "es";
  await open("/");
  await open("/");
  assert.equal(asked.filter((path) => path === "/offline/").length, 2);
  assert.equal(await (await open("/away/")).text(), "not connected, es");
});

test("a page that was not kept at first is kept at the next that is opened", async () => {
  const answers = { "/": () => page("home") };
  const { fire, open, kept } = worker(answers);
  await fire("install");
  await open("/");
  assert.deepEqual(kept(), []);
  answers["/offline/"] = () => page("not connected");
  await open("/");
  assert.deepEqual(kept(), ["/offline/"]);
});
