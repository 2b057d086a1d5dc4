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
  transceivers = ["0", "1", "2", "3", "4"].map((mid) => ({ mid, direction: "recvonly", sender: new FakeSender(), receiver: { track: { id: mid } } }));
  constructor(configuration) {
    this.configuration = configuration;
    FakeConnection.made.push(this);
  }
  async setRemoteDescription(description) {
    if (description.sdp === "bad") throw new Error("cannot parse");
    // What a browser does with a call on a connection that is closed before it is done.
    if (description.sdp === "slow") await new Promise(() => {});
  }
  async createAnswer() {
    return { sdp: this.answer ?? `answer ${this.transceivers.map((each) => each.direction).join()}` };
  }
  async setLocalDescription(description) {
    if (description && this.stubborn) throw new DOMException("not changed", "InvalidModificationError");
    this.localDescription = description ?? (await this.createAnswer());
  }
  setConfiguration(configuration) {
    this.configuration = configuration;
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
  assert.equal(sent[1].sdp, "answer sendonly,sendonly,recvonly,recvonly,recvonly");
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
  await settle();
  assert.equal(camera.parameters.encodings[0].maxBitrate, 250_000);
  peer.setBitrate(1_700_000);
  await settle();
  assert.equal(camera.parameters.encodings[0].maxBitrate, 1_700_000);
});

test("the servers of an offer are used, and fresh ones with the next offer", async () => {
  const { peer, last } = setUp();
  const server = (username) => ({ urls: ["turns:turn.example:443"], username, credential: "c" });
  peer.connect();
  peer.receive(offer({ ice_servers: [server("first")] }));
  await settle();
  assert.deepEqual(last().configuration.iceServers, [server("first")]);
  peer.receive(offer({ offer: 2, ice_servers: [server("second")] }));
  await settle();
  assert.equal(FakeConnection.made.length, 1);
  assert.deepEqual(last().configuration, { bundlePolicy: "max-bundle", rtcpMuxPolicy: "require", iceServers: [server("second")] });
});

test("a screen goes out once the offer has a section for it, and is let go with it", async () => {
  const { peer, last } = setUp();
  const track = { kind: "video", id: "screen" };
  peer.connect();
  peer.receive(offer());
  await settle();
  peer.setTrack("screen", track);
  peer.receive(offer({ offer: 2, up: { audio: "0", camera: "1", screen: "4" } }));
  await settle();
  const { sender, direction } = last().transceivers[4];
  assert.equal(sender.track, track);
  assert.equal(direction, "sendonly");
  assert.equal(sender.parameters.encodings[0].maxFramerate, 15);
  peer.receive(offer({ offer: 3 }));
  await settle();
  peer.setTrack("screen", null);
  await settle();
  assert.equal(sender.track, track, "the section was taken back: nothing is put on it");
});

test("a network that says several times that it changed is restarted at once and once more", async () => {
  const { peer, sent, last } = setUp();
  peer.connect();
  peer.receive(offer());
  await settle();
  last().becomes("connected");
  const restarts = () => sent.filter((each) => each.type === "restart-ice").length;
  peer.restart();
  assert.equal(restarts(), 1);
  peer.restart();
  last().becomes("connected", "disconnected");
  assert.equal(restarts(), 1);
  mock.timers.tick(1_000);
  assert.equal(restarts(), 2);
  mock.timers.tick(2_000);
  assert.equal(restarts(), 2);
});

test("a restart that the relay has answered meanwhile is not asked for again", async () => {
  const { peer, sent } = setUp();
  peer.connect();
  peer.receive(offer({ sdp: "v=0\r\na=ice-ufrag:one\r\n" }));
  await settle();
  peer.restart();
  peer.restart();
  peer.receive(offer({ offer: 2, sdp: "v=0\r\na=ice-ufrag:two\r\n" }));
  await settle();
  mock.timers.tick(1_000);
  assert.equal(sent.filter((each) => each.type === "restart-ice").length, 1);
});

test("a room that moves keeps its connection until the new relay's offer is here", async () => {
  const { peer, sent, states, last } = setUp();
  peer.connect();
  peer.receive(offer());
  await settle();
  last().becomes("connected");
  const old = last();
  peer.renew();
  peer.ended("c1");
  old.becomes("failed");
  assert.equal(states.at(-1), "connected");
  assert.equal(sent.filter((each) => each.type === "connect").length, 2);
  assert.equal(old.connectionState, "failed");
  peer.receive(offer({ connection: "c2" }));
  await settle();
  assert.equal(old.connectionState, "closed");
  assert.equal(states.at(-1), "connecting");
  assert.equal(sent.at(-1).connection, "c2");
});

test("a move that brings no offer is asked for again", async () => {
  const { peer, sent, last } = setUp();
  peer.connect();
  peer.receive(offer());
  await settle();
  last().becomes("connected");
  peer.renew();
  mock.timers.tick(8_001);
  assert.equal(sent.filter((each) => each.type === "connect").length, 3);
});

const VOICE = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n";
const ASKED = `${VOICE}a=rtcp-fb:111 nack\r\n`;

test("lost sound is asked for again where the browser takes it", async () => {
  const { peer, sent, last } = setUp();
  peer.connect();
  peer.receive(offer());
  await settle();
  last().answer = VOICE;
  peer.receive(offer({ offer: 2, sdp: ASKED }));
  await settle();
  assert.equal(sent.at(-1).sdp, ASKED);
});

test("a browser that lets nobody change its answer sends its own", async () => {
  const { peer, sent, last } = setUp();
  peer.connect();
  peer.receive(offer());
  await settle();
  Object.assign(last(), { answer: VOICE, stubborn: true });
  peer.receive(offer({ offer: 2, sdp: ASKED }));
  await settle();
  assert.equal(sent.at(-1).sdp, VOICE);
});

test("a peer that the relay put out asks for nothing until the time is over, and then once", async () => {
  const { peer, sent, states, last } = setUp();
  peer.connect();
  peer.receive(offer());
  await settle();
  last().becomes("connected");
  peer.hold(61_000);
  const before = sent.length;
  peer.ended("c1");
  peer.resume();
  peer.restart();
  peer.receive(offer({ offer: 2 }));
  await settle();
  mock.timers.tick(60_999);
  assert.equal(sent.length, before);
  assert.equal(states.at(-1), "held");
  mock.timers.tick(1);
  assert.deepEqual(sent.slice(before), [{ type: "connect" }]);
  assert.equal(states.at(-1), "connecting");
});

test("a peer that is closed while it is held never asks", () => {
  const { peer, sent } = setUp();
  peer.connect();
  peer.hold(61_000);
  peer.close();
  mock.timers.tick(120_000);
  assert.deepEqual(sent, [{ type: "connect" }]);
});
