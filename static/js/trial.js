/**
 * Tries the line before the visit: a real connection to the relay and back, in a room of its own that ends with it.
 * Sends a made-up sound and nothing of the person. What came of it in words: line-words.js.
 */

import { LevelMeter } from "./level.js";
import { socketAddress } from "./socket.js";

/**
 * `path`: which way leads through; "" when it could not be tried. `spare`: whether the way round by TURN is open too.
 * @typedef {{path: ""|"udp"|"turn"|"tcp"|"none"|"socket", spare: ""|"works"|"none", ms: number|null}} TrialResult
 * @typedef {import("./types.js").OfferMessage} OfferMessage
 */

const OPEN_LIMIT = 8_000;
const OFFER_LIMIT = 6_000;
const FIRST_LIMIT = 12_000;
const SPARE_LIMIT = 8_000;
const LOOK_EVERY = 250;
/** @type {TrialResult} */
const UNKNOWN = { path: "", spare: "", ms: null };

/** Nothing came of it for a reason that says nothing about this person's network. */
class NotTried extends Error {}

export class Trial {
  #address;
  #Socket;
  #RTC;
  #voice;
  /** @type {WebSocket|null} */
  #socket = null;
  /** @type {RTCPeerConnection|null} */
  #pc = null;
  #stopped = false;
  /** @type {(message: any) => void} */
  #hear = () => {};
  /** @type {(error: Error) => void} */
  #lose = () => {};

  /**
   * @param {string} path of the link, ending in "/"
   * @param {{Socket?: typeof WebSocket, RTC?: typeof RTCPeerConnection, voice?: MediaStreamTrack|null}} [parts]
   */
  constructor(path, { Socket = WebSocket, RTC = globalThis.RTCPeerConnection, voice = madeUpVoice() } = {}) {
    this.#address = socketAddress(`${path}trial/`);
    this.#Socket = Socket;
    this.#RTC = RTC;
    this.#voice = voice;
  }

  /** @returns {Promise<TrialResult>} */
  async run() {
    if (!this.#RTC) return { ...UNKNOWN, path: "none" };
    try {
      // A server that starts again closes the door for a moment: one more knock before a network is blamed.
      if (!(await this.#open()) && !(await this.#open())) return { ...UNKNOWN, path: "socket" };
      const first = await this.#connect("all", FIRST_LIMIT);
      if (first.path !== "udp" || !first.hasServers) return { path: first.path, spare: "", ms: first.ms };
      const spare = await this.#connect("relay", SPARE_LIMIT);
      return { path: first.path, spare: spare.path === "none" ? "none" : "works", ms: first.ms };
    } catch (error) {
      if (!(error instanceof NotTried)) console.warn("trial.failed", error instanceof Error ? error.name : "unknown");
      return UNKNOWN;
    } finally {
      this.stop();
    }
  }

  stop() {
    this.#stopped = true;
    this.#pc?.close();
    this.#voice?.stop();
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /** @returns {Promise<boolean>} */
  #open() {
    return new Promise((done) => {
      const socket = new this.#Socket(this.#address);
      const limit = setTimeout(() => settle(false), OPEN_LIMIT);
      const settle = (/** @type {boolean} */ opened) => {
        clearTimeout(limit);
        socket.onopen = null;
        socket.onclose = (event) => this.#lose(event.code === 1006 ? new Error("lost") : new NotTried());
        if (!opened) socket.close();
        done(opened);
      };
      this.#socket = socket;
      socket.onopen = () => settle(true);
      socket.onclose = () => settle(false);
      socket.onmessage = (event) => this.#heard(JSON.parse(event.data));
    });
  }

  /** @param {any} message */
  #heard(message) {
    if (message.type === "ping") this.#say({ type: "pong", n: message.n });
    else if (message.type === "relay" || (message.type === "error" && !message.connection)) this.#lose(new NotTried());
    else this.#hear(message);
  }

  /** @param {Record<string, unknown>} message */
  #say(message) {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(message));
  }

  /**
   * @param {RTCIceTransportPolicy} policy "relay": only through the TURN server
   * @param {number} limit milliseconds
   */
  async #connect(policy, limit) {
    this.#pc?.close();
    const offer = await this.#offer();
    const servers = offer.ice_servers ?? [];
    const pc = new this.#RTC({ bundlePolicy: "max-bundle", rtcpMuxPolicy: "require", iceServers: servers, iceTransportPolicy: policy });
    this.#pc = pc;
    await pc.setRemoteDescription({ type: "offer", sdp: offer.sdp });
    const sender = pc.getTransceivers().find((each) => each.mid === offer.up.audio);
    if (sender) sender.direction = "sendonly";
    await sender?.sender.replaceTrack(this.#voice);
    await pc.setLocalDescription();
    this.#say({ type: "answer", connection: offer.connection, offer: offer.offer, sdp: pc.localDescription?.sdp });
    const found = await this.#watch(pc, limit);
    return { ...found, hasServers: servers.length > 0 };
  }

  /** @returns {Promise<OfferMessage>} */
  #offer() {
    return new Promise((done, fail) => {
      const limit = setTimeout(() => fail(new NotTried()), OFFER_LIMIT);
      this.#hear = (message) => {
        if (message.type !== "offer") return;
        clearTimeout(limit);
        this.#hear = () => {};
        done(message);
      };
      this.#lose = fail;
      this.#say({ type: "connect" });
    });
  }

  /**
   * Until what we sent was heard at the far end and its report has come back.
   * @param {RTCPeerConnection} pc
   * @param {number} limit
   * @returns {Promise<{path: "udp"|"turn"|"tcp"|"none", ms: number|null}>}
   */
  async #watch(pc, limit) {
    const until = performance.now() + limit;
    while (performance.now() < until && !this.#stopped) {
      await new Promise((done) => setTimeout(done, LOOK_EVERY));
      if (pc.connectionState === "failed" || pc.connectionState === "closed") break;
      if (pc.connectionState !== "connected") continue;
      const stats = [...(await pc.getStats()).values()];
      if (this.#voice && !wasHeard(stats)) continue;
      return { path: wayOf(stats), ms: roundTrip(stats) };
    }
    return { path: "none", ms: null };
  }
}

/**
 * The far end reports on what it got of us.
 * @param {any[]} stats
 */
export function wasHeard(stats) {
  return stats.some((each) => each.type === "remote-inbound-rtp");
}

/**
 * @param {any[]} stats
 * @returns {any} the pair of addresses in use
 */
function pairInUse(stats) {
  const id = stats.find((each) => each.type === "transport" && each.selectedCandidatePairId)?.selectedCandidatePairId;
  // Firefox names no transport: there the pair says by itself that it is selected.
  return stats.find((each) => each.type === "candidate-pair" && (id ? each.id === id : each.selected || (each.nominated && each.state === "succeeded")));
}

/**
 * @param {any[]} stats
 * @returns {"udp"|"turn"|"tcp"} straight, through the TURN server by UDP, or through it by TCP or TLS
 */
export function wayOf(stats) {
  const pair = pairInUse(stats);
  const own = stats.find((each) => each.id === pair?.localCandidateId);
  if (own?.candidateType !== "relay") return "udp";
  return own.relayProtocol && own.relayProtocol !== "udp" ? "tcp" : "turn";
}

/**
 * @param {any[]} stats
 * @returns {number|null} milliseconds there and back
 */
export function roundTrip(stats) {
  const seconds = pairInUse(stats)?.currentRoundTripTime ?? stats.find((each) => each.type === "remote-inbound-rtp")?.roundTripTime;
  return typeof seconds === "number" && seconds >= 0 ? Math.min(60_000, Math.round(seconds * 1_000)) : null;
}

/** A sound that nobody has made; none where the browser lets nothing sound yet, and then the connection alone is tried. */
function madeUpVoice() {
  if (!globalThis.AudioContext || !LevelMeter.allowed) return null;
  const context = LevelMeter.context();
  if (context.state === "closed") return null;
  const place = context.createMediaStreamDestination();
  const tone = new OscillatorNode(context, { frequency: 220 });
  tone.connect(new GainNode(context, { gain: 0.01 })).connect(place);
  tone.start();
  return place.stream.getAudioTracks()[0] ?? null;
}
