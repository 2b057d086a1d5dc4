import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { enhance, post } from "../../static/js/forms.js";

const STALE = { error: { code: "stale_form", message: "Go back.", token: "fresh" } };

/** @type {{value: string}} another form's token on the same page */
let elsewhere;
/** @type {string[]} the token of each request */
let sent;

/** @param {unknown[]} answers one per request; an Error is thrown */
function answering(...answers) {
  sent = [];
  globalThis.fetch = async (_, { body, headers }) => {
    assert.equal(headers["X-CSRFToken"], body.get("csrfmiddlewaretoken"));
    sent.push(body.get("csrfmiddlewaretoken"));
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return { status: answer ? 200 : 204, json: async () => answer };
  };
}

function form() {
  const data = new FormData();
  data.set("csrfmiddlewaretoken", "stale");
  return data;
}

beforeEach(() => {
  elsewhere = { value: "stale" };
  globalThis.document = { querySelectorAll: () => [elsewhere] };
});

test("form with a stale token is repeated with the one the server names", async () => {
  answering(STALE, { ok: true });
  assert.deepEqual(await post("/x/", form()), { ok: true });
  assert.deepEqual(sent, ["stale", "fresh"]);
  assert.equal(elsewhere.value, "fresh");
});

test("form that stays stale is repeated once and no more", async () => {
  answering(STALE, STALE, { ok: true });
  assert.equal((await post("/x/", form())).error.code, "stale_form");
  assert.equal(sent.length, 2);
});

test("form refused for another reason is not repeated", async () => {
  for (const answer of [{ error: { code: "invalid", message: "" } }, new Error("no network")]) {
    answering(answer, { ok: true });
    assert.ok((await post("/x/", form())).error);
    assert.deepEqual(sent, ["stale"]);
  }
  assert.equal(elsewhere.value, "stale");
});

/** What a page's element does here, and no more. */
function element(tag = "") {
  const made = { tag, children: [], dataset: {}, listeners: {}, text: "" };
  const add = (...nodes) => made.children.push(...nodes);
  const nothing = { setAttribute() {}, focus() {}, querySelector: () => null, querySelectorAll: () => [], classList: { add() {} } };
  const addEventListener = (name, listener) => { made.listeners[name] = listener; };
  return Object.assign(made, nothing, { append: add, prepend: add, addEventListener });
}

/** @returns {any[]} the element and all in it */
function within(node) {
  return [node, ...(node.children ?? []).flatMap(within)];
}

/** @param {unknown} error as the server answers @returns {Promise<any[]>} the buttons of what the page then says */
async function buttonsAfter(error) {
  const create = (_, tag) => element(tag);
  globalThis.document = { title: "Visit", querySelectorAll: () => [], getElementById: () => null, createElement: element, createElementNS: create };
  answering({ error });
  const page = element();
  const filled = Object.assign(element("form"), { parentElement: page, action: "/x/" });
  enhance(filled, () => assert.fail("nothing was done"));
  const real = globalThis.FormData;
  globalThis.FormData = function read() {
    const data = new real();
    data.set("csrfmiddlewaretoken", "fresh");
    return data;
  };
  await filled.listeners.submit({ preventDefault() {} }).finally(() => { globalThis.FormData = real; });
  return within(page).filter((each) => each.tag === "button");
}

test("answer to old words comes with a button that loads the new ones", async () => {
  let loads = 0;
  globalThis.location = { reload: () => { loads += 1; } };
  for (const code of ["consent.text_changed", "consent.text_unknown", "consent.asked_for_another"]) {
    const [button, ...more] = await buttonsAfter({ code, message: "Read it again." });
    assert.deepEqual([button.children, more], [["Load the new words"], []]);
    button.listeners.click();
  }
  assert.equal(loads, 3);
});

test("answer that is refused for another reason has no such button", async () => {
  assert.deepEqual(await buttonsAfter({ code: "consent.no_right", message: "Call us." }), []);
});
