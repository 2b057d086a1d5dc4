/** Keeps the screen on while a call runs: a phone that falls asleep lets the call go. */

export class Awake {
  /** @type {WakeLockSentinel|null} */
  #lock = null;

  /** The browser gives the lock back when the page is hidden; ask again when it is seen. */
  async keep() {
    try {
      this.#lock = (await navigator.wakeLock?.request("screen")) ?? null;
    } catch {
      // A phone that saves power may refuse; the call goes on.
    }
  }

  release() {
    this.#lock?.release().catch(() => {});
    this.#lock = null;
  }
}
