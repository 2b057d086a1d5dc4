import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { post } from "../../static/js/forms.js";

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
