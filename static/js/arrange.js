/** Where each picture of a call lies: one large, the others beside or below it, or all alike. Pure: sizes in, boxes out. */

/** @typedef {{x: number, y: number, width: number, height: number}} Box */
/** @typedef {{width: number, height: number}} Size */

export const GAP = 8;
/** A face is still read at this width; a phone with many people gets by with less. */
const LEAST = 160;
const LEAST_CROWDED = 104;
/** Lower than this against its width no head fits into a picture. */
const FLAT = 9 / 16;
const PHONE = 480;
const FEW = 3;
/** Small pictures grow to this and no further: the large one is what matters. */
const MOST = 280;
/** A large picture must be this much larger than with all alike, else there is none. */
const WORTH = 1.5;

/**
 * @param {Size} place
 * @param {number} others how many small pictures there are
 * @param {boolean} [screen] the large one is a screen: it may not be cropped, and is always large
 * @param {boolean} [kept] an interpreter is among them: hands must be read, however many they are
 * @returns {{large: Box, others: Box[]}}
 */
export function arrange(place, others, screen = false, kept = false) {
  const whole = { x: 0, y: 0, ...place };
  if (!others) return { large: whole, others: [] };
  const least = leastWidth(place.width, others, kept);
  const found = [...beside(place, others, least), ...below(place, others, least)].map((each) => ({ ...each, worth: worth(each.large, screen) }));
  found.sort((a, b) => b.worth - a.worth);
  const alike = grid(place, others + 1, least);
  const best = found[0];
  if (best && (screen || best.worth >= WORTH * worth(alike.large, false))) return { large: best.large, others: best.others };
  return screen ? stacked(place, others) : alike;
}

/** @param {number} width @param {number} others @param {boolean} kept */
function leastWidth(width, others, kept) {
  const least = !kept && width < PHONE && others > FEW ? LEAST_CROWDED : LEAST;
  return Math.min(least, Math.floor((width - GAP) / 2));
}

/** What of a box is worth having: a face may be cropped a little, a screen not at all. @param {Box} box @param {boolean} screen */
function worth({ width, height }, screen) {
  const [narrow, wide] = screen ? [16 / 10, 16 / 10] : [3 / 4, 19 / 10];
  return Math.min(width, height * wide) * Math.min(height, width / narrow);
}

/** @param {number} width @param {number} count how many in a row @param {number} gap */
function share(width, count, gap = GAP) {
  return Math.floor((width - gap * (count - 1)) / count);
}

/** Columns on the right. @param {Size} place @param {number} others @param {number} least */
function beside({ width, height }, others, least) {
  const found = [];
  for (let columns = 1; columns <= 3; columns += 1) {
    const rows = Math.ceil(others / columns);
    const room = share(height, rows);
    const wide = Math.max(least, Math.min(MOST, Math.floor((room * 16) / 9), share(width * 0.4, columns)));
    const high = Math.min(room, Math.floor(wide * 0.75));
    const left = width - columns * (wide + GAP);
    if (left < wide || high < least * FLAT) continue;
    const top = Math.floor((height - rows * high - (rows - 1) * GAP) / 2);
    found.push({
      large: { x: 0, y: 0, width: left, height },
      others: cells(others, columns, { x: left + GAP, y: top, width: wide, height: high }),
    });
  }
  return found;
}

/** Rows under it. @param {Size} place @param {number} others @param {number} least */
function below({ width, height }, others, least) {
  const found = [];
  for (let rows = 1; rows <= 3; rows += 1) {
    const columns = Math.ceil(others / rows);
    if (columns * (rows - 1) >= others) continue; // the last row would be empty
    const wide = Math.min(share(width, columns), MOST);
    const high = Math.min(Math.floor(wide * 0.625), Math.floor((height * 0.36) / rows));
    const left = height - rows * (high + GAP);
    if (wide < least || high < least * FLAT || left < high) continue;
    found.push({
      large: { x: 0, y: 0, width, height: left },
      others: centred(width, cells(others, columns, { x: 0, y: left + GAP, width: wide, height: high })),
    });
  }
  return found;
}

/** All alike, the first among them. @param {Size} place @param {number} people @param {number} least */
function grid({ width, height }, people, least) {
  let best = { value: -1, columns: 1, cell: { x: 0, y: 0, width, height } };
  for (let columns = 1; columns <= people; columns += 1) {
    const rows = Math.ceil(people / columns);
    const cell = { x: 0, y: 0, width: share(width, columns), height: share(height, rows) };
    if (cell.width < least && columns > 1) break;
    const value = worth(cell, false);
    if (value > best.value) best = { value, columns, cell };
  }
  const [large, ...others] = centred(width, cells(people, best.columns, best.cell));
  return { large, others };
}

/** A screen in a place too small for anything else: it takes the upper half and the faces stand in one row. @param {Size} place @param {number} others */
function stacked({ width, height }, others) {
  const left = Math.floor(height * 0.6);
  const cell = { x: 0, y: left + GAP, width: share(width, others), height: height - left - GAP };
  return { large: { x: 0, y: 0, width, height: left }, others: cells(others, others, cell) };
}

/** @param {number} count @param {number} columns @param {Box} first @returns {Box[]} */
function cells(count, columns, first) {
  return Array.from({ length: count }, (_, index) => ({
    ...first,
    x: first.x + (index % columns) * (first.width + GAP),
    y: first.y + Math.floor(index / columns) * (first.height + GAP),
  }));
}

/** Moves each row to the middle of the width; the last one may be shorter. @param {number} width @param {Box[]} boxes */
function centred(width, boxes) {
  return boxes.map((box) => {
    const row = boxes.filter((each) => each.y === box.y);
    const used = row.length * (box.width + GAP) - GAP;
    return { ...box, x: box.x + Math.floor((width - used) / 2) };
  });
}
