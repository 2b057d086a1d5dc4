import assert from "node:assert/strict";
import { test } from "node:test";

import { lineWords } from "../../static/js/line-words.js";
import { Trial, roundTrip, wasHeard, wayOf } from "../../static/js/trial.js";

globalThis.location = /** @type {any} */ ({ protocol: "https:", host: "clinic.example" });

const pair = (own, more = {}) => [
  { type: "transport", id: "T", selectedCandidatePairId: "P" },
  { type: "candidate-pair", id: "P", localCandidateId: "L", currentRoundTripTime: 0.0314, ...more },
  { type: "local-candidate", id: "L", ...own },
];

test("way of the pair in use: straight, through TURN, or through it by TCP", () => {
  assert.equal(wayOf(pair({ candidateType: "host", protocol: "udp" })), "udp");
  assert.equal(wayOf(pair({ candidateType: "prflx", protocol: "udp" })), "udp");
  assert.equal(wayOf(pair({ candidateType: "relay", relayProtocol: "udp" })), "turn");
  assert.equal(wayOf(pair({ candidateType: "relay", relayProtocol: "tcp" })), "tcp");
  assert.equal(wayOf(pair({ candidateType: "relay", relayProtocol: "tls" })), "tcp");
  const firefox = pair({ candidateType: "relay", relayProtocol: "tls" }, { selected: true }).slice(1);
  assert.equal(wayOf(firefox), "tcp");
});

test("round trip is whole milliseconds, or unknown", () => {
  assert.equal(roundTrip(pair({ candidateType: "host" })), 31);
  assert.equal(roundTrip([{ type: "remote-inbound-rtp", roundTripTime: 0.1 }]), 100);
  assert.equal(roundTrip([]), null);
  assert.equal(wasHeard([{ type: "remote-inbound-rtp" }]), true);
  assert.equal(wasHeard([{ type: "outbound-rtp" }]), false);
});

/** A socket that answers as told; a browser that connects, or never does. */
function parts({ opens = true, servers = [], connects = () => true, heard = true, says = null }) {
  const made = [];
  class Socket {
    readyState = 0;
    constructor(address) {
      this.address = address;
      setTimeout(() => (opens ? ((this.readyState = 1), this.onopen?.()) : this.onclose?.({ code: 1006 })), 0);
    }
    send(text) {
      const message = JSON.parse(text);
      const offer = { type: "offer", connection: "c", offer: 1, sdp: "v=0", up: { audio: "0" }, down: [], ice_servers: servers };
      if (message.type === "connect") setTimeout(() => this.onmessage({ data: JSON.stringify(says ?? offer) }), 0);
    }
    close() {
      this.readyState = 3;
    }
  }
  class RTC {
    connectionState = "new";
    localDescription = { sdp: "answer" };
    constructor(configuration) {
      this.configuration = configuration;
      made.push(this);
    }
    async setRemoteDescription() {}
    async setLocalDescription() {
      this.connectionState = connects(this.configuration) ? "connected" : "failed";
    }
    getTransceivers() {
      return [{ mid: "0", sender: { replaceTrack: async () => {} } }];
    }
    async getStats() {
      const own = { candidateType: "host", protocol: "udp" };
      return new Map([...pair(own), ...(heard ? [{ type: "remote-inbound-rtp", id: "R" }] : [])].map((each) => [each.id, each]));
    }
    close() {
      this.connectionState = "closed";
    }
  }
  const voice = { stop() {} };
  return { made, options: /** @type {any} */ ({ Socket, RTC, voice }) };
}

test("trial finds the straight way, and the spare one beside it", async () => {
  const { made, options } = parts({ servers: [{ urls: "turn:example.org" }] });
  assert.deepEqual(await new Trial("/v/x/", options).run(), { path: "udp", spare: "works", ms: 31 });
  assert.deepEqual(made.map((each) => each.configuration.iceTransportPolicy), ["all", "relay"]);
  assert.ok(made.every((each) => each.connectionState === "closed"));
});

test("trial without a TURN server tries no spare way; one that is shut is said", async () => {
  const alone = parts({});
  assert.equal((await new Trial("/v/x/", alone.options).run()).spare, "");
  const shut = parts({ servers: [{ urls: "turn:example.org" }], connects: (configuration) => configuration.iceTransportPolicy === "all" });
  assert.deepEqual(await new Trial("/v/x/", shut.options).run(), { path: "udp", spare: "none", ms: 31 });
});

test("trial that gets nothing through says so, and one that cannot be made says nothing", async () => {
  assert.equal((await new Trial("/v/x/", parts({ connects: () => false }).options).run()).path, "none");
  assert.equal((await new Trial("/v/x/", parts({ opens: false }).options).run()).path, "socket");
  const lost = parts({ says: { type: "relay", state: "lost" } });
  assert.equal((await new Trial("/v/x/", lost.options).run()).path, "");
  const busy = parts({ says: { type: "error", code: "relay_busy", message: "" } });
  assert.equal((await new Trial("/v/x/", busy.options).run()).path, "");
});

test("every outcome has words, and what does not work says what to do", () => {
  for (const path of /** @type {const} */ (["", "udp", "turn", "tcp", "none", "socket"])) {
    const said = lineWords({ path, spare: "", ms: 20 });
    assert.ok(said.words.length > 5);
    assert.equal(said.again, ["", "none", "socket"].includes(path));
    if (said.again || path === "tcp") assert.match(said.note, /\.$/);
  }
  assert.match(lineWords({ path: "udp", spare: "", ms: 900 }).words, /slowly/);
  assert.match(lineWords(null).words, /Trying/);
});
