/** Where no socket is held, the page still learns that the visit is over, or another time: the server then has the words for it. */

/** States after which nothing of a visit goes on. */
export const OVER = new Set(["ended", "cancelled", "late"]);

const EVERY = 12_000;

export class OverPoll {
  #path;
  #told;
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #timer;

  /**
   * @param {string} path the page's own
   * @param {string} [told] what the page has told of the time, where it tells any
   */
  constructor(path, told = "") {
    this.#path = path;
    this.#told = told;
  }

  start() {
    this.stop();
    this.#timer = setInterval(async () => {
      const { state, told } = await fetch(this.#path, { headers: { Accept: "application/json" }, credentials: "same-origin" })
        .then((response) => {
          // The link was closed meanwhile.
          if (response.status === 404) location.reload();
          return response.json();
        })
        .catch(() => ({ state: null }));
      const isOld = Boolean(this.#told && told) && told !== this.#told && state !== "call";
      if (OVER.has(state) || isOld) location.reload();
    }, EVERY);
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
