/** The media connection to the relay: answers its offers, sends our tracks, hands out the others'. No page, no devices. */

import { withAudioNack } from "./answer.js";
import { Outgoing } from "./outgoing.js";

/** @typedef {import("./types.js").OfferMessage} OfferMessage */
/** @typedef {import("./types.js").RemoteSeat} RemoteSeat */
/** @typedef {"closed"|"connecting"|"connected"|"disconnected"|"held"} PeerState */

const CONNECT_LIMIT = 8_000;
const RESTART_LIMIT = 6_000;
/** A network that changes says so several times: what comes within this is one change. */
const RESTART_PAUSE = 1_000;
/** @type {RTCConfiguration} */
const CONFIGURATION = { bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" };

export class Peer {
  #send;
  #handlers;
  #RTC;
  /** @type {RTCPeerConnection|null} */
  #pc = null;
  /** @type {string|null} */
  #connection = null;
  /** @type {string|null} a replaced connection whose late offers are not wanted */
  #retired = null;
  #answered = -1;
  /** @type {Record<string, unknown> & {type: string}|null} */
  #answer = null;
  /** @type {Promise<void>} */
  #work = Promise.resolve();
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #watch;
  #wanted = false;
  /** @type {PeerState} */
  #state = "closed";
  #outgoing = new Outgoing();
  /** A fresh connection was asked for while the present one still carries media. */
  #renewing = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #pause;
  #restartAgain = false;
  #ufrag = "";

  /**
   * @param {(message: Record<string, unknown> & {type: string}) => boolean} send
   * @param {Object} handlers
   * @param {(seats: Map<string, RemoteSeat>) => void} handlers.onRemote
   * @param {(state: PeerState) => void} handlers.onState
   * @param {typeof RTCPeerConnection} [RTC]
   */
  constructor(send, handlers, RTC = RTCPeerConnection) {
    this.#send = send;
    this.#handlers = handlers;
    this.#RTC = RTC;
  }

  get state() {
    return this.#state;
  }

  /** Asks the relay for a fresh connection; the offer comes over the socket. */
  connect() {
    this.#wanted = true;
    this.#drop();
    this.#set("connecting");
    this.#send({ type: "connect" });
    this.#guard(CONNECT_LIMIT);
  }

  /** The room moves to another relay: asks for a connection there and keeps this one until its offer is here. */
  renew() {
    if (!this.#wanted || !this.#pc) return this.connect();
    this.#renewing = true;
    this.#send({ type: "connect" });
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#wanted && this.connect(), CONNECT_LIMIT);
  }

  /** The relay closed a connection; one that is being replaced anyway needs nothing. @param {string} connection */
  ended(connection) {
    if (this.#wanted && this.owns(connection) && !this.#renewing) this.connect();
  }

  /** The socket is back: go on where media lives (the restart also brings offers to this socket), else ask anew. */
  resume() {
    if (!this.#wanted) return;
    const alive = this.#state === "connected" || this.#state === "disconnected";
    if (alive && this.#connection && !this.#renewing) this.#restartNow();
    else this.connect();
  }

  /** New candidates under the same keys: Wi-Fi to mobile, or a path that fell silent. */
  restart() {
    if (this.#pause) this.#restartAgain = true;
    else this.#restartNow();
  }

  #restartNow() {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#restartAgain = false;
    if (!this.#connection || this.#renewing) return;
    this.#send({ type: "restart-ice", connection: this.#connection });
    this.#guard(RESTART_LIMIT);
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      if (this.#restartAgain) this.#restartNow();
    }, RESTART_PAUSE);
  }

  close() {
    this.#stop("closed");
  }

  /** The relay has put us out for a while: until then it would refuse, so nothing is asked. @param {number} wait in ms */
  hold(wait) {
    this.#stop("held");
    this.#watch = setTimeout(() => this.connect(), wait);
  }

  /** @param {PeerState} state */
  #stop(state) {
    this.#wanted = false;
    clearTimeout(this.#watch);
    this.#drop();
    this.#set(state);
  }

  /** @param {string} connection */
  owns(connection) {
    return connection === this.#connection;
  }

  /** @returns {Promise<RTCStatsReport|null>} */
  async stats() {
    return this.#pc && this.#pc.connectionState !== "closed" ? this.#pc.getStats() : null;
  }

  /** @param {import("./outgoing.js").Source} source @param {MediaStreamTrack|null} track */
  setTrack(source, track) {
    this.#outgoing.setTrack(source, track);
  }

  /** @param {number} bitrate of the camera */
  setBitrate(bitrate) {
    this.#outgoing.setBitrate(bitrate);
  }

  /** @param {OfferMessage} offer */
  receive(offer) {
    this.#work = this.#work.then(() => this.#apply(offer)).catch((error) => this.#broken(error, offer.connection));
  }

  /** @param {OfferMessage} message */
  async #apply(message) {
    if (!this.#wanted || message.connection === this.#retired) return;
    if (message.connection !== this.#connection) this.#begin(message);
    else this.#configure(message);
    const pc = this.#pc;
    if (!pc) return;
    if (message.offer <= this.#answered) {
      this.#repeatAnswer();
      return;
    }
    await pc.setRemoteDescription({ type: "offer", sdp: message.sdp });
    if (pc !== this.#pc) return;
    this.#noteCredentials(message.sdp);
    this.#outgoing.lift(pc, message.up);
    await setAnswer(pc, message.sdp);
    if (pc !== this.#pc || !pc.localDescription) return;
    this.#answered = message.offer;
    this.#answer = {
      type: "answer",
      connection: message.connection,
      offer: message.offer,
      sdp: pc.localDescription.sdp,
    };
    this.#repeatAnswer();
    void this.#outgoing.tune();
    this.#handlers.onRemote(remoteSeats(pc, message.down));
  }

  /** @param {OfferMessage} message the first offer of a connection */
  #begin({ connection, ice_servers }) {
    this.#retire();
    this.#set("connecting");
    this.#guard(CONNECT_LIMIT);
    // The browser's own candidates are never needed: the relay learns our address from the first check.
    const pc = new this.#RTC({ ...CONFIGURATION, iceServers: ice_servers ?? [] });
    this.#pc = pc;
    this.#connection = connection;
    this.#retired = null;
    pc.onconnectionstatechange = () => this.#changed(pc);
    pc.oniceconnectionstatechange = () => this.#changed(pc);
  }

  /** The credentials of a TURN server run out; what came with this offer counts from the next gathering on. @param {OfferMessage} message */
  #configure({ ice_servers }) {
    if (!ice_servers?.length) return;
    try {
      this.#pc?.setConfiguration({ ...CONFIGURATION, iceServers: ice_servers });
    } catch (error) {
      console.warn("media.ice_servers", error instanceof Error ? error.name : "unknown");
    }
  }

  /** New credentials in an offer are a gathering on the network of now: no further restart has to wait. @param {string} sdp */
  #noteCredentials(sdp) {
    const ufrag = /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1] ?? "";
    if (ufrag !== this.#ufrag) this.#restartAgain = false;
    this.#ufrag = ufrag;
  }

  /** @param {RTCPeerConnection} pc */
  #changed(pc) {
    if (pc !== this.#pc || this.#renewing) return;
    const ice = pc.iceConnectionState;
    if (pc.connectionState === "failed" || ice === "failed") {
      this.connect();
    } else if (ice === "disconnected") {
      if (this.#state === "disconnected") return;
      this.#set("disconnected");
      this.restart();
    } else if (pc.connectionState === "connected") {
      clearTimeout(this.#watch);
      this.#set("connected");
    }
  }

  /** @param {number} limit */
  #guard(limit) {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      if (this.#wanted && this.#pc?.connectionState !== "connected") this.connect();
      else if (this.#wanted && this.#pc?.iceConnectionState === "disconnected") this.connect();
    }, limit);
  }

  #repeatAnswer() {
    if (this.#answer) this.#send(this.#answer);
  }

  /** @param {unknown} error @param {string} connection */
  #broken(error, connection) {
    if (!this.owns(connection)) return;
    // An offer that cannot be applied leaves no half-made connection behind: ask for a fresh one, unhurried.
    console.warn("media.offer_failed", error instanceof Error ? error.name : "unknown");
    this.#retire();
    this.#set("connecting");
    this.#guard(2_000);
  }

  /** Waits for nothing that is under way: browsers never settle a call on a connection that was closed meanwhile. */
  #drop() {
    this.#retire();
    this.#work = Promise.resolve();
  }

  #retire() {
    const pc = this.#pc;
    if (this.#connection) this.#retired = this.#connection;
    this.#pc = null;
    this.#connection = null;
    this.#answered = -1;
    this.#answer = null;
    this.#renewing = false;
    this.#ufrag = "";
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#restartAgain = false;
    this.#outgoing.letGo();
    if (!pc) return;
    pc.onconnectionstatechange = pc.oniceconnectionstatechange = null;
    pc.close();
  }

  /** @param {PeerState} state */
  #set(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#handlers.onState(state);
  }
}

/**
 * Which receiver belongs to which seat; the offer's own table, because sections are reused.
 * @param {RTCPeerConnection} pc
 * @param {OfferMessage["down"]} down
 * @returns {Map<string, RemoteSeat>}
 */
function remoteSeats(pc, down) {
  /** @type {Map<string, RemoteSeat>} */
  const seats = new Map();
  const byMid = new Map(pc.getTransceivers().map((each) => [each.mid, each]));
  for (const { mid, seat, kind } of down) {
    const transceiver = byMid.get(mid);
    if (!transceiver) continue;
    const entry = seats.get(seat) ?? {};
    entry[kind] = transceiver.receiver;
    seats.set(seat, entry);
  }
  return seats;
}

/**
 * Sets the answer, with what the relay asks for besides where the browser takes it.
 * @param {RTCPeerConnection} pc
 * @param {string} offer
 */
async function setAnswer(pc, offer) {
  const plain = (await pc.createAnswer()).sdp ?? "";
  const wanted = withAudioNack(plain, offer);
  if (wanted === plain) return pc.setLocalDescription();
  try {
    await pc.setLocalDescription({ type: "answer", sdp: wanted });
  } catch {
    // A browser that lets nobody change its answer keeps its own.
    await pc.setLocalDescription();
  }
}
