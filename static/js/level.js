/** How loud it is: the meter of one's own microphone, silence, and speaking. Judges are pure; LevelMeter is the thin edge. */

export const BLOCKS = 20;
const SILENT_AFTER = 5_000;
/** Below this a live microphone in a quiet room still lies; only a dead one is under it. */
const DEAD = 0.0006;
const SPEECH = 0.015;
const SPEECH_HOLD = 700;

/**
 * @param {Float32Array} samples -1..1
 * @returns {number} root mean square, 0..1
 */
export function loudness(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length ? Math.sqrt(sum / samples.length) : 0;
}

/**
 * Ears are logarithmic: -60 dB is no block, -6 dB is all of them.
 * @param {number} level 0..1
 * @returns {number} 0..20
 */
export function blocksLit(level) {
  if (level <= 0) return 0;
  const decibel = 20 * Math.log10(level);
  return Math.max(0, Math.min(BLOCKS, Math.round(((decibel + 60) / 54) * BLOCKS)));
}

/** Says "silent" when nothing at all came for five seconds, "heard" when a voice did. */
export class SilenceWatch {
  /** @type {number|null} */
  #deadSince = null;
  /** @type {"listening"|"heard"|"silent"} */
  verdict = "listening";

  /** @param {number} level @param {number} at milliseconds */
  push(level, at) {
    if (level > DEAD) {
      this.#deadSince = null;
      if (level > SPEECH) this.verdict = "heard";
      else if (this.verdict === "silent") this.verdict = "listening";
    } else {
      this.#deadSince ??= at;
      if (at - this.#deadSince >= SILENT_AFTER) this.verdict = "silent";
    }
    return this.verdict;
  }
}

/** Speaking with a little hold, so that the edge does not flicker between words. */
export class SpeechWatch {
  #until = 0;

  /** @param {number} level @param {number} at milliseconds @returns {boolean} */
  push(level, at) {
    if (level > SPEECH) this.#until = at + SPEECH_HOLD;
    return at < this.#until;
  }
}

/** Listens to one microphone track. Needs a press somewhere on the page before the browser lets it run. */
export class LevelMeter {
  /** @type {AudioContext|null} */
  static #context = null;
  /** @type {MediaStreamTrack|null} */
  #track = null;
  /** @type {MediaStreamAudioSourceNode|null} */
  #source = null;
  /** @type {AnalyserNode|null} */
  #analyser = null;
  #samples = new Float32Array(1024);

  /** Before a press the browser keeps a context silent and complains; so it is not made before one. */
  static get allowed() {
    return navigator.userActivation ? navigator.userActivation.hasBeenActive : true;
  }

  /** One context for the page: browsers allow few. */
  static context() {
    LevelMeter.#context ??= new AudioContext();
    if (LevelMeter.#context.state === "suspended") LevelMeter.#context.resume().catch(() => {});
    return LevelMeter.#context;
  }

  /** @param {MediaStreamTrack|null} track */
  listen(track) {
    if (track === this.#track) return;
    this.#track = track;
    this.#source?.disconnect();
    this.#source = null;
    this.#connect();
  }

  #connect() {
    if (!this.#track || !LevelMeter.allowed) return;
    const context = LevelMeter.context();
    this.#analyser ??= new AnalyserNode(context, { fftSize: 1024 });
    this.#source = context.createMediaStreamSource(new MediaStream([this.#track]));
    this.#source.connect(this.#analyser);
  }

  /** @returns {number|null} 0..1, or null while the browser does not let us listen */
  read() {
    if (!this.#source) this.#connect();
    if (!this.#source || !this.#analyser || LevelMeter.#context?.state !== "running") return null;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return loudness(this.#samples);
  }
}

/** Two soft notes, for "you are next" and "you are called". */
export function chime() {
  if (!LevelMeter.allowed) return;
  const context = LevelMeter.context();
  if (context.state !== "running") return;
  [659, 880].forEach((frequency, index) => {
    const at = context.currentTime + index * 0.22;
    const tone = new OscillatorNode(context, { frequency, type: "sine" });
    const volume = new GainNode(context, { gain: 0 });
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.2, at + 0.03);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.6);
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.65);
  });
}
