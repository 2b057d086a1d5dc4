/** Where no socket is held, the page still learns that the visit is over: the server then has the words for it. */

/** States after which nothing of a visit goes on. */
export const OVER = new Set(["ended", "cancelled", "late"]);

const EVERY = 12_000;

export class OverPoll {
  #path;
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #timer;

  /** @param {string} path the page's own */
  constructor(path) {
    this.#path = path;
  }

  start() {
    this.stop();
    this.#timer = setInterval(async () => {
      const state = await fetch(this.#path, { headers: { Accept: "application/json" }, credentials: "same-origin" })
        .then((response) => response.json())
        .then((answer) => answer.state)
        .catch(() => null);
      if (OVER.has(state)) location.reload();
    }, EVERY);
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
