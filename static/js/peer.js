/** The media connection to the relay: answers its offers, sends our tracks, hands out the others'. No page, no devices. */

/** @typedef {import("./types.js").OfferMessage} OfferMessage */
/** @typedef {import("./types.js").RemoteSeat} RemoteSeat */
/** @typedef {"closed"|"connecting"|"connected"|"disconnected"} PeerState */

const CONNECT_LIMIT = 8_000;
const RESTART_LIMIT = 6_000;
/** Enough for a clear 720p face; what the network gives is less or this. */
export const CAMERA_BITRATE = 1_700_000;

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
  #bitrate = CAMERA_BITRATE;
  /** @type {{audio: MediaStreamTrack|null, camera: MediaStreamTrack|null}} */
  #tracks = { audio: null, camera: null };
  /** @type {{audio: RTCRtpSender|null, camera: RTCRtpSender|null}} */
  #senders = { audio: null, camera: null };

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

  /** The socket is back: go on where media lives (the restart also brings offers to this socket), else ask anew. */
  resume() {
    if (!this.#wanted) return;
    const alive = this.#state === "connected" || this.#state === "disconnected";
    if (alive && this.#connection) this.restart();
    else this.connect();
  }

  /** New candidates under the same keys: Wi-Fi to mobile, or a path that fell silent. */
  restart() {
    if (!this.#connection) return;
    this.#send({ type: "restart-ice", connection: this.#connection });
    this.#guard(RESTART_LIMIT);
  }

  close() {
    this.#wanted = false;
    clearTimeout(this.#watch);
    this.#drop();
    this.#set("closed");
  }

  /** @param {string} connection */
  owns(connection) {
    return connection === this.#connection;
  }

  /** @returns {Promise<RTCStatsReport|null>} */
  async stats() {
    return this.#pc && this.#pc.connectionState !== "closed" ? this.#pc.getStats() : null;
  }

  /**
   * Tracks may come before or after the offer: the answer never waits for a device.
   * @param {"audio"|"camera"} kind
   * @param {MediaStreamTrack|null} track
   */
  setTrack(kind, track) {
    this.#tracks[kind] = track;
    const sender = this.#senders[kind];
    if (!sender || sender.track === track) return;
    sender.replaceTrack(track).then(() => this.#limit(), ignoreClosed);
  }

  /** @param {number} bitrate the picture gives way so that the sound stays clear */
  setBitrate(bitrate) {
    this.#bitrate = bitrate;
    this.#limit();
  }

  /** @param {OfferMessage} offer */
  receive(offer) {
    this.#work = this.#work.then(() => this.#apply(offer)).catch((error) => this.#broken(error, offer.connection));
  }

  /** @param {OfferMessage} message */
  async #apply(message) {
    if (!this.#wanted || message.connection === this.#retired) return;
    if (message.connection !== this.#connection) this.#begin(message.connection);
    const pc = this.#pc;
    if (!pc) return;
    if (message.offer <= this.#answered) {
      this.#repeatAnswer();
      return;
    }
    await pc.setRemoteDescription({ type: "offer", sdp: message.sdp });
    if (pc !== this.#pc) return;
    for (const kind of /** @type {const} */ (["audio", "camera"])) this.#lift(pc, kind, message.up[kind]);
    await pc.setLocalDescription();
    if (pc !== this.#pc || !pc.localDescription) return;
    this.#answered = message.offer;
    this.#answer = {
      type: "answer",
      connection: message.connection,
      offer: message.offer,
      sdp: pc.localDescription.sdp,
    };
    this.#repeatAnswer();
    this.#limit();
    this.#handlers.onRemote(remoteSeats(pc, message.down));
  }

  /** @param {RTCPeerConnection} pc @param {"audio"|"camera"} kind @param {string|undefined} mid */
  #lift(pc, kind, mid) {
    const transceiver = pc.getTransceivers().find((each) => each.mid === mid);
    if (!transceiver || mid === undefined) return;
    transceiver.direction = "sendonly";
    this.#senders[kind] = transceiver.sender;
    if (transceiver.sender.track !== this.#tracks[kind]) {
      transceiver.sender.replaceTrack(this.#tracks[kind]).catch(ignoreClosed);
    }
  }

  /** @param {string} connection */
  #begin(connection) {
    this.#retire();
    // The browser's own candidates are never needed: the relay learns our address from the first check.
    const pc = new this.#RTC({ iceServers: [], bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" });
    this.#pc = pc;
    this.#connection = connection;
    this.#retired = null;
    pc.onconnectionstatechange = () => this.#changed(pc);
    pc.oniceconnectionstatechange = () => this.#changed(pc);
  }

  /** @param {RTCPeerConnection} pc */
  #changed(pc) {
    if (pc !== this.#pc) return;
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

  #limit() {
    const sender = this.#senders.camera;
    if (!sender) return;
    const parameters = sender.getParameters();
    const encoding = parameters.encodings?.[0];
    if (!encoding || encoding.maxBitrate === this.#bitrate) return;
    encoding.maxBitrate = this.#bitrate;
    sender.setParameters(parameters).catch(ignoreClosed);
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
    this.#senders = { audio: null, camera: null };
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

/** A connection may close under a pending call; that is no fault. @param {unknown} error */
function ignoreClosed(error) {
  if (error instanceof DOMException && error.name === "InvalidStateError") return;
  console.warn("media.sender", error instanceof Error ? error.name : "unknown");
}
