import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { VisitSocket, backoffDelay } from "../../static/js/socket.js";

class FakeSocket {
  /** @type {FakeSocket[]} */
  static made = [];
  readyState = 1;
  sent = [];
  constructor(address) {
    this.address = address;
    FakeSocket.made.push(this);
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
  }
  hears(message) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

function setUp() {
  FakeSocket.made = [];
  const states = [];
  const heard = [];
  const handlers = { chatSeq: () => 7, onOpen: () => {}, onMessage: (each) => heard.push(each), onState: (each) => states.push(each) };
  const socket = new VisitSocket("ws://clinic/v/x/ws", handlers, { tab: "tab-1", Socket: FakeSocket });
  return { socket, states, heard, last: () => FakeSocket.made[FakeSocket.made.length - 1] };
}

test("backoff grows from half a second to eight and never beyond", () => {
  assert.equal(backoffDelay(0, () => 1), 500);
  assert.equal(backoffDelay(3, () => 1), 4000);
  assert.equal(backoffDelay(40, () => 1), 8000);
  assert.equal(backoffDelay(40, () => 0), 500);
});

test("open socket says hello first, with tab and chat number", () => {
  const { socket, last } = setUp();
  socket.open();
  last().onopen();
  assert.deepEqual(last().sent[0], { type: "hello", protocol: 1, tab: "tab-1", chat_seq: 7 });
  socket.close();
});

test("ping of the server is answered and not passed on", () => {
  const { socket, last, heard } = setUp();
  socket.open();
  last().onopen();
  last().hears({ type: "ping", n: 4 });
  assert.deepEqual(last().sent.at(-1), { type: "pong", n: 4 });
  assert.equal(heard.length, 0);
  socket.close();
});

test("lost socket comes back by itself with the same tab", () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { socket, last, states } = setUp();
  socket.open();
  last().onopen();
  last().onclose({ code: 1006 });
  assert.equal(states.at(-1), "waiting");
  mock.timers.tick(501);
  assert.equal(FakeSocket.made.length, 2);
  last().onopen();
  assert.equal(last().sent[0].tab, "tab-1");
  socket.close();
  mock.timers.reset();
});

for (const [code, state] of [[4001, "taken"], [4003, "refused"], [4004, "over"], [4000, "refused"]]) {
  test(`close ${code} ends in ${state} and never retries`, () => {
    mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
    const { socket, last, states } = setUp();
    socket.open();
    last().onopen();
    last().onclose({ code });
    mock.timers.tick(60_000);
    assert.equal(states.at(-1), state);
    assert.equal(FakeSocket.made.length, 1);
    mock.timers.reset();
  });
}

test("seat taken by another tab stops at once", () => {
  const { socket, last, states } = setUp();
  socket.open();
  last().onopen();
  last().hears({ type: "seat-taken" });
  assert.equal(states.at(-1), "taken");
  assert.equal(socket.send({ type: "connect" }), false);
});

test("close for too much waits eight seconds at least", () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { socket, last } = setUp();
  socket.open();
  last().onopen();
  last().onclose({ code: 4008 });
  mock.timers.tick(7_900);
  assert.equal(FakeSocket.made.length, 1);
  mock.timers.tick(1_000);
  assert.equal(FakeSocket.made.length, 2);
  socket.close();
  mock.timers.reset();
});

test("junk from the wire is dropped", () => {
  const { socket, last, heard } = setUp();
  socket.open();
  last().onopen();
  last().onmessage({ data: "{not json" });
  assert.equal(heard.length, 0);
  socket.close();
});

test("a line that stays silent when asked is opened anew without waiting", () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { socket, last } = setUp();
  socket.open();
  last().onopen();
  const first = last();
  socket.probe(1_000);
  assert.equal(first.sent.at(-1).type, "ping");
  mock.timers.tick(1_000);
  assert.equal(FakeSocket.made.length, 2);
  assert.equal(first.readyState, 3);
  assert.equal(socket.state, "connecting");
  socket.close();
  mock.timers.reset();
});

test("a line that answers when asked stays", () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { socket, last } = setUp();
  socket.open();
  last().onopen();
  socket.probe(1_000);
  last().hears({ type: "pong", n: 1, server_time: "" });
  mock.timers.tick(1_000);
  assert.equal(FakeSocket.made.length, 1);
  socket.close();
  mock.timers.reset();
});

test("a handshake that nobody answers is tried again after eight seconds", () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { socket } = setUp();
  socket.open();
  mock.timers.tick(7_999);
  assert.equal(socket.state, "connecting");
  mock.timers.tick(1);
  assert.equal(socket.state, "waiting");
  mock.timers.tick(500);
  assert.equal(FakeSocket.made.length, 2);
  socket.close();
  mock.timers.reset();
});
