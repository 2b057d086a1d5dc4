/** What leaves on the sections of one media connection: our tracks, and how much each may use. Knows no relay and no page. */

/** @typedef {"audio"|"camera"|"screen"} Source */
/** @typedef {RTCRtpEncodingParameters & {scalabilityMode?: string}} Encoding */

const SOURCES = /** @type {Source[]} */ (["audio", "camera", "screen"]);
/** Enough for a clear 720p face; what the network gives is less or this. */
export const CAMERA_BITRATE = 1_700_000;
/** Text must be sharp and need not be smooth. */
const SCREEN = { maxBitrate: 2_000_000, maxFramerate: 15 };
/** Two layers in time: the relay can leave one out for who has a weak line, and the picture stays whole. */
const LAYERS = "L1T2";

export class Outgoing {
  /** @type {Record<Source, MediaStreamTrack|null>} */
  #tracks = { audio: null, camera: null, screen: null };
  /** @type {Record<Source, RTCRtpSender|null>} */
  #senders = { audio: null, camera: null, screen: null };
  #bitrate = CAMERA_BITRATE;
  /** Whether this browser takes layers; found out by asking. */
  #layered = true;
  /** @type {Promise<void>} changes to a sender come one after the other: a second one under way would be refused */
  #turn = Promise.resolve();

  /**
   * Tracks may come before or after the offer: the answer never waits for a device.
   * @param {Source} source
   * @param {MediaStreamTrack|null} track
   */
  setTrack(source, track) {
    this.#tracks[source] = track;
    const sender = this.#senders[source];
    if (!sender || sender.track === track) return;
    sender.replaceTrack(track).then(() => this.tune(), ignoreClosed);
  }

  /** @param {number} bitrate the picture gives way so that the sound stays clear */
  setBitrate(bitrate) {
    if (bitrate === this.#bitrate) return;
    this.#bitrate = bitrate;
    this.tune();
  }

  /**
   * Puts our tracks on the sections that the offer has for them.
   * @param {RTCPeerConnection} pc
   * @param {Partial<Record<Source, string>>} up mid by source
   */
  lift(pc, up) {
    for (const source of SOURCES) {
      const mid = up[source];
      const transceiver = mid === undefined ? undefined : pc.getTransceivers().find((each) => each.mid === mid);
      this.#senders[source] = transceiver?.sender ?? null;
      if (!transceiver) continue;
      transceiver.direction = "sendonly";
      if (transceiver.sender.track === this.#tracks[source]) continue;
      transceiver.sender.replaceTrack(this.#tracks[source]).catch(ignoreClosed);
    }
  }

  /** The connection is gone, the tracks stay. */
  letGo() {
    this.#senders = { audio: null, camera: null, screen: null };
  }

  /** Brings what each sender may use in line with what is wanted. */
  tune() {
    this.#turn = this.#turn.then(async () => {
      await this.#tuneOne(this.#senders.camera, this.#camera());
      await this.#tuneOne(this.#senders.screen, SCREEN);
    });
    return this.#turn;
  }

  /** @returns {Encoding} */
  #camera() {
    return { maxBitrate: this.#bitrate, ...(this.#layered && { scalabilityMode: LAYERS }) };
  }

  /** @param {RTCRtpSender|null} sender @param {Encoding} wanted */
  async #tuneOne(sender, wanted) {
    const parameters = sender?.getParameters();
    const encoding = /** @type {Encoding|undefined} */ (parameters?.encodings?.[0]);
    if (!sender || !parameters || !encoding) return;
    const names = /** @type {(keyof Encoding)[]} */ (Object.keys(wanted));
    if (names.every((name) => encoding[name] === wanted[name])) return;
    Object.assign(encoding, wanted);
    try {
      await sender.setParameters(parameters);
      const taken = /** @type {Encoding|undefined} */ (sender.getParameters().encodings?.[0]);
      // Firefox knows no layers and says nothing: it need not be asked again.
      if (wanted.scalabilityMode && taken?.scalabilityMode !== wanted.scalabilityMode) this.#layered = false;
    } catch (error) {
      if (!wanted.scalabilityMode) return ignoreClosed(error);
      this.#layered = false;
      await this.#tuneOne(sender, { maxBitrate: wanted.maxBitrate });
    }
  }
}

/** A connection may close under a pending call; that is no fault. @param {unknown} error */
function ignoreClosed(error) {
  if (error instanceof DOMException && error.name === "InvalidStateError") return;
  console.warn("media.sender", error instanceof Error ? error.name : "unknown");
}
