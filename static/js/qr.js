/**
 * QR codes (ISO/IEC 18004): bytes, error correction L, versions 1 to 10 (271 bytes at most). Pure: text in, squares out.
 * Drawn here and not by the server, because what is drawn is a secret that the server does not see.
 */

/** Per version: data bytes of a block in the first group, blocks there, blocks with one byte more, correcting bytes of each. */
const BLOCKS = [
  [19, 1, 0, 7], [34, 1, 0, 10], [55, 1, 0, 15], [80, 1, 0, 20], [108, 1, 0, 26],
  [68, 2, 0, 18], [78, 2, 0, 20], [97, 2, 0, 24], [116, 2, 0, 30], [68, 2, 2, 18],
];
const ALIGNED = [[], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50]];

const EXP = new Uint8Array(512);
const LOG = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i += 1) {
  EXP[i] = EXP[i + 255] = x;
  LOG[x] = i;
  x = (x << 1) ^ (x & 0x80 ? 0x11d : 0);
}

/** @type {((row: number, column: number) => boolean)[]} */
const MASKS = [
  (r, c) => (r + c) % 2 === 0,
  (r) => r % 2 === 0,
  (_, c) => c % 3 === 0,
  (r, c) => (r + c) % 3 === 0,
  (r, c) => (Math.floor(r / 2) + Math.floor(c / 3)) % 2 === 0,
  (r, c) => ((r * c) % 2) + ((r * c) % 3) === 0,
  (r, c) => (((r * c) % 2) + ((r * c) % 3)) % 2 === 0,
  (r, c) => (((r + c) % 2) + ((r * c) % 3)) % 2 === 0,
];

/**
 * @param {string} text
 * @returns {boolean[][]} dark squares by row, without the light border
 */
export function qrCode(text) {
  const bytes = new TextEncoder().encode(text);
  const version = BLOCKS.findIndex((_, index) => bytes.length <= room(index + 1)) + 1;
  if (!version) throw new RangeError("too long for a QR code");
  const words = interleaved(padded(bytes, version), version);
  const grid = new Grid(version);
  grid.fill(words);
  return best(grid);
}

/** @param {number} version */
function dataBytes(version) {
  const [size, few, more] = BLOCKS[version - 1];
  return size * few + (size + 1) * more;
}

/** How many bytes of text fit: less the mode and the length. @param {number} version */
function room(version) {
  return dataBytes(version) - (version < 10 ? 2 : 3);
}

/** @param {Uint8Array} bytes @param {number} version */
function padded(bytes, version) {
  const bits = [0, 1, 0, 0];
  const push = (/** @type {number} */ value, /** @type {number} */ count) => {
    for (let bit = count - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1);
  };
  push(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) push(byte, 8);
  const size = dataBytes(version) * 8;
  push(0, Math.min(4, size - bits.length));
  while (bits.length % 8) bits.push(0);
  for (let fill = 0xec; bits.length < size; fill ^= 0xfd) push(fill, 8);
  return Uint8Array.from({ length: size / 8 }, (_, at) => parseInt(bits.slice(at * 8, at * 8 + 8).join(""), 2));
}

/** Data and correcting bytes of all blocks, in the order in which they are drawn. @param {Uint8Array} data @param {number} version */
function interleaved(data, version) {
  const [size, few, more, correcting] = BLOCKS[version - 1];
  const blocks = [];
  for (let at = 0, index = 0; index < few + more; index += 1) {
    const length = index < few ? size : size + 1;
    blocks.push(data.slice(at, at + length));
    at += length;
  }
  const corrections = blocks.map((block) => correction(block, correcting));
  const words = [];
  for (let at = 0; at <= size; at += 1) for (const block of blocks) if (at < block.length) words.push(block[at]);
  for (let at = 0; at < correcting; at += 1) for (const each of corrections) words.push(each[at]);
  return words;
}

/** The remainder by the generator polynomial, over GF(256). @param {Uint8Array} block @param {number} count */
function correction(block, count) {
  let generator = [1];
  for (let power = 0; power < count; power += 1) {
    const next = [...generator, 0];
    generator.forEach((factor, at) => (next[at + 1] ^= times(factor, EXP[power])));
    generator = next;
  }
  const rest = [...block, ...new Array(count).fill(0)];
  for (let at = 0; at < block.length; at += 1) {
    const lead = rest[at];
    if (lead) generator.forEach((factor, step) => (rest[at + step] ^= times(factor, lead)));
  }
  return rest.slice(block.length);
}

/** @param {number} a @param {number} b */
function times(a, b) {
  return a && b ? EXP[LOG[a] + LOG[b]] : 0;
}

/** The squares: what has a fixed place, and room for the words between. */
class Grid {
  /** @param {number} version */
  constructor(version) {
    this.size = 17 + 4 * version;
    this.dark = Array.from({ length: this.size }, () => new Array(this.size).fill(false));
    this.fixed = Array.from({ length: this.size }, () => new Array(this.size).fill(false));
    for (const [row, column] of [[0, 0], [0, this.size - 7], [this.size - 7, 0]]) this.#finder(row, column);
    for (let at = 8; at < this.size - 8; at += 1) {
      this.set(6, at, at % 2 === 0);
      this.set(at, 6, at % 2 === 0);
    }
    const places = ALIGNED[version - 1];
    for (const row of places) for (const column of places) if (!this.fixed[row][column] || row === 6 || column === 6) this.#alignment(row, column);
    this.format(0);
    if (version >= 7) this.#version(version);
  }

  /** @param {number} row @param {number} column @param {boolean} dark */
  set(row, column, dark) {
    this.dark[row][column] = dark;
    this.fixed[row][column] = true;
  }

  /** @param {number} top @param {number} left */
  #finder(top, left) {
    for (let r = -1; r <= 7; r += 1) {
      for (let c = -1; c <= 7; c += 1) {
        if (top + r < 0 || left + c < 0 || top + r >= this.size || left + c >= this.size) continue;
        const ring = Math.max(Math.abs(r - 3), Math.abs(c - 3));
        this.set(top + r, left + c, ring !== 2 && ring !== 4);
      }
    }
  }

  /** Not over a finder. @param {number} row @param {number} column */
  #alignment(row, column) {
    const last = this.size - 7;
    if ((row === 6 && (column === 6 || column === last)) || (row === last && column === 6)) return;
    for (let r = -2; r <= 2; r += 1) for (let c = -2; c <= 2; c += 1) this.set(row + r, column + c, Math.max(Math.abs(r), Math.abs(c)) !== 1);
  }

  /** Level L and the mask, twice, and the one square that is always dark. @param {number} mask */
  format(mask) {
    const data = (1 << 3) | mask;
    const bits = ((data << 10) | remainder(data, 10, 0x537)) ^ 0x5412;
    for (let at = 0; at < 15; at += 1) {
      const dark = Boolean((bits >> at) & 1);
      const near = at < 6 ? at : at < 8 ? at + 1 : this.size - 15 + at;
      this.set(near, 8, dark);
      this.set(8, at < 8 ? this.size - 1 - at : at === 8 ? 7 : 14 - at, dark);
    }
    this.set(this.size - 8, 8, true);
  }

  /** @param {number} version */
  #version(version) {
    const bits = (version << 12) | remainder(version, 12, 0x1f25);
    for (let at = 0; at < 18; at += 1) {
      const dark = Boolean((bits >> at) & 1);
      const [row, column] = [Math.floor(at / 3), this.size - 11 + (at % 3)];
      this.set(row, column, dark);
      this.set(column, row, dark);
    }
  }

  /** Two columns at a time, up and down, from the right. @param {number[]} words */
  fill(words) {
    let at = 0;
    for (let right = this.size - 1, up = true; right > 0; right -= 2, up = !up) {
      if (right === 6) right -= 1;
      for (let step = 0; step < this.size; step += 1) {
        const row = up ? this.size - 1 - step : step;
        for (const column of [right, right - 1]) {
          if (this.fixed[row][column]) continue;
          this.dark[row][column] = at < words.length * 8 && Boolean((words[at >> 3] >> (7 - (at & 7))) & 1);
          at += 1;
        }
      }
    }
  }

  /** @param {number} mask */
  masked(mask) {
    this.format(mask);
    const flips = MASKS[mask];
    return this.dark.map((line, row) => line.map((dark, column) => (this.fixed[row][column] ? dark : dark !== flips(row, column))));
  }
}

/** @param {number} data @param {number} bits @param {number} generator */
function remainder(data, bits, generator) {
  let rest = data << bits;
  for (let at = 31 - Math.clz32(rest); at >= bits; at = rest ? 31 - Math.clz32(rest) : -1) rest ^= generator << (at - bits);
  return rest;
}

/** The mask under which the squares are easiest to read. @param {Grid} grid */
function best(grid) {
  const all = MASKS.map((_, mask) => grid.masked(mask));
  const points = all.map(penalty);
  return all[points.indexOf(Math.min(...points))];
}

const LIKE_A_FINDER = ["00001011101", "10111010000"];

/** @param {boolean[][]} squares */
function penalty(squares) {
  const size = squares.length;
  const rows = squares.map((line) => line.map(Number).join(""));
  const columns = rows.map((_, column) => rows.map((line) => line[column]).join(""));
  let points = 0;
  for (const line of [...rows, ...columns]) {
    for (const [run] of line.matchAll(/0{5,}|1{5,}/g)) points += run.length - 2;
    for (const pattern of LIKE_A_FINDER) for (let at = line.indexOf(pattern); at >= 0; at = line.indexOf(pattern, at + 1)) points += 40;
  }
  for (let row = 1; row < size; row += 1) {
    for (let column = 1; column < size; column += 1) {
      const own = squares[row][column];
      if (own === squares[row - 1][column] && own === squares[row][column - 1] && own === squares[row - 1][column - 1]) points += 3;
    }
  }
  const dark = rows.join("").replaceAll("0", "").length / (size * size);
  return points + Math.floor(Math.abs(dark * 100 - 50) / 5) * 10;
}
