import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Peer } from "../../static/js/peer.js";

class FakeSender {
  track = null;
  parameters = { encodings: [{}] };
  async replaceTrack(track) {
    this.track = track;
  }
  getParameters() {
    return structuredClone(this.parameters);
  }
  async setParameters(parameters) {
    this.parameters = parameters;
  }
}

class FakeConnection {
  /** @type {FakeConnection[]} */
  static made = [];
  connectionState = "new";
  iceConnectionState = "new";
  localDescription = null;
  transceivers = ["0", "1", "2", "3"].map((mid) => ({ mid, direction: "recvonly", sender: new FakeSender(), receiver: { track: { id: mid } } }));
  constructor(configuration) {
    this.configuration = configuration;
    FakeConnection.made.push(this);
  }
  async setRemoteDescription(description) {
    if (description.sdp === "bad") throw new Error("cannot parse");
    // What a browser does with a call on a connection that is closed before it is done.
    if (description.sdp === "slow") await new Promise(() => {});
  }
  async setLocalDescription() {
    this.localDescription = { sdp: `answer ${this.transceivers.map((each) => each.direction).join()}` };
  }
  getTransceivers() {
    return this.transceivers;
  }
  close() {
    this.connectionState = "closed";
  }
  becomes(connection, ice = connection) {
    this.connectionState = connection;
    this.iceConnectionState = ice;
    this.onconnectionstatechange?.();
  }
}

const settle = async () => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};
const offer = (change = {}) => ({
  type: "offer", connection: "c1", offer: 1, sdp: "v=0", up: { audio: "0", camera: "1" },
  down: [{ mid: "2", seat: "s", kind: "audio" }, { mid: "3", seat: "s", kind: "camera" }], ...change,
});

function setUp() {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  FakeConnection.made = [];
  const sent = [];
  const states = [];
  const remote = [];
  const handlers = { onRemote: (seats) => remote.push(seats), onState: (state) => states.push(state) };
  const peer = new Peer((message) => Boolean(sent.push(message)), handlers, FakeConnection);
  return { peer, sent, states, remote, last: () => FakeConnection.made[FakeConnection.made.length - 1] };
}

test("an offer is answered without any device", async () => {
  const { peer, sent, remote, last } = setUp();
  peer.connect();
  peer.receive(offer());
  await settle();
  assert.deepEqual(last().configuration.iceServers, []);
  assert.deepEqual(sent.map((each) => each.type), ["connect", "answer"]);
  assert.equal(sent[1].sdp, "answer sendonly,sendonly,recvonly,recvonly");
  assert.equal(remote[0].get("s").audio.track.id, "2");
  assert.equal(remote[0].get("s").camera.track.id, "3");
});

test("a track that comes late goes out without a new answer", async () => {
  const { peer, sent, last } = setUp();
  peer.connect();
  peer.receive(offer());
  await settle();
  const track = { kind: "video" };
  peer.setTrack("camera", track);
  await settle();
  assert.equal(last().transceivers[1].sender.track, track);
  assert.equal(sent.length, 2);
});

test("the same offer again gets the same answer again", async () => {
  const { peer, sent } = setUp();
  peer.connect();
  peer.receive(offer());
  peer.receive(offer());
  await settle();
  assert.equal(FakeConnection.made.length, 1);
  assert.deepEqual(sent[1], sent[2]);
});

test("a late offer of a replaced connection is left alone", async () => {
  const { peer, last, sent } = setUp();
  peer.connect();
  peer.receive(offer());
  await settle();
  peer.connect();
  peer.receive(offer({ offer: 2 }));
  await settle();
  assert.equal(FakeConnection.made.length, 1);
  peer.receive(offer({ connection: "c2" }));
  await settle();
  assert.equal(FakeConnection.made.length, 2);
  assert.equal(sent.at(-1).connection, "c2");
  assert.ok(last());
});

test("a broken path asks for new candidates, then for a new connection", async () => {
  const { peer, sent, states, last } = setUp();
  peer.connect();
  peer.receive(offer());
  await settle();
  last().becomes("connected");
  last().becomes("connected", "disconnected");
  assert.equal(states.at(-1), "disconnected");
  assert.deepEqual(sent.at(-1), { type: "restart-ice", connection: "c1" });
  mock.timers.tick(6_001);
  assert.deepEqual(sent.at(-1), { type: "connect" });
});

test("a failed path asks for a new connection at once", async () => {
  const { peer, sent, last } = setUp();
  peer.connect();
  peer.receive(offer());
  await settle();
  last().becomes("failed");
  assert.deepEqual(sent.at(-1), { type: "connect" });
});

test("a new socket keeps living media and restarts the path", async () => {
  const { peer, sent, last } = setUp();
  peer.connect();
  peer.receive(offer());
  await settle();
  last().becomes("connected");
  peer.resume();
  assert.deepEqual(sent.at(-1), { type: "restart-ice", connection: "c1" });
  assert.equal(FakeConnection.made.length, 1);
});

test("an offer nobody can read is followed by a fresh connection", async () => {
  const { peer, sent } = setUp();
  mock.method(console, "warn", () => {});
  peer.connect();
  peer.receive(offer({ sdp: "bad" }));
  await settle();
  mock.timers.tick(2_001);
  assert.deepEqual(sent.map((each) => each.type), ["connect", "connect"]);
  mock.restoreAll();
});

test("an offer nobody can read ends a living connection too", async () => {
  const { peer, sent, states, last } = setUp();
  mock.method(console, "warn", () => {});
  peer.connect();
  peer.receive(offer());
  await settle();
  last().becomes("connected");
  peer.receive(offer({ offer: 2, sdp: "bad" }));
  await settle();
  assert.equal(states.at(-1), "connecting");
  mock.timers.tick(2_001);
  assert.deepEqual(sent.at(-1), { type: "connect" });
  mock.restoreAll();
});

test("a connection replaced while it takes an offer does not hold up the next", async () => {
  const { peer, sent } = setUp();
  peer.connect();
  peer.receive(offer({ sdp: "slow" }));
  await settle();
  peer.connect();
  peer.receive(offer({ connection: "c2" }));
  await settle();
  assert.deepEqual([sent.at(-1).type, sent.at(-1).connection], ["answer", "c2"]);
});

test("a closed peer takes no offer and asks for nothing", async () => {
  const { peer, sent } = setUp();
  peer.connect();
  peer.close();
  peer.receive(offer());
  await settle();
  mock.timers.tick(60_000);
  assert.deepEqual(sent.map((each) => each.type), ["connect"]);
  assert.equal(FakeConnection.made.length, 0);
});

test("a weak line turns the picture down and a good one up again", async () => {
  const { peer, last } = setUp();
  peer.connect();
  peer.receive(offer());
  await settle();
  const camera = last().transceivers[1].sender;
  peer.setBitrate(250_000);
  assert.equal(camera.parameters.encodings[0].maxBitrate, 250_000);
  peer.setBitrate(1_700_000);
  assert.equal(camera.parameters.encodings[0].maxBitrate, 1_700_000);
});
