/** Who has the large place: the one who speaks, without jumping at every cough. Pure. */

/** Somebody must have spoken for this long, */
const TAKES = 900;
/** while whoever has the place was silent for this long. */
const GIVES = 1_500;

export class ActiveSpeaker {
  /** @type {Map<string, number>} when each began to speak */
  #since = new Map();
  #heardAt = -Infinity;
  current = "";

  /**
   * @param {{id: string, speaking: boolean}[]} people in the order of the visit
   * @param {number} now milliseconds
   * @returns {string} whose picture is large; "" when nobody is here
   */
  push(people, now) {
    for (const { id, speaking } of people) {
      if (!speaking) this.#since.delete(id);
      else if (!this.#since.has(id)) this.#since.set(id, now);
    }
    const holder = people.find(({ id }) => id === this.current);
    if (!holder) {
      this.current = people[0]?.id ?? "";
      this.#heardAt = -Infinity;
    } else if (holder.speaking) {
      this.#heardAt = now;
    }
    if (now - this.#heardAt < GIVES) return this.current;
    const next = people
      .filter(({ id, speaking }) => speaking && now - (this.#since.get(id) ?? now) >= TAKES)
      .sort((a, b) => (this.#since.get(a.id) ?? 0) - (this.#since.get(b.id) ?? 0))[0];
    if (next) {
      this.current = next.id;
      this.#heardAt = now;
    }
    return this.current;
  }
}

/**
 * The one who becomes large and the one who was change places: nobody else moves.
 * @param {string[]} order the first is large
 * @param {string} large
 * @returns {string[]}
 */
export function swapped(order, large) {
  const at = order.indexOf(large);
  if (at <= 0) return order;
  const next = [...order];
  [next[0], next[at]] = [next[at], next[0]];
  return next;
}
