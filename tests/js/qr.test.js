import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { qrCode } from "../../static/js/qr.js";

/** What another maker (segno 1.6) draws of the same text in the same version and mask; texts that fill their version. */
const KNOWN = [
  ["w".repeat(78), "8db83971cd785a80"],
  ["x".repeat(134), "fcf6199d8b88b33d"],
  ["y".repeat(154), "212b5193a0978ace"],
  ["z".repeat(230), "c8c9cb99f41363ec"],
  ["q".repeat(271), "c5d7875a182ef2e8"],
];
const MASKS = [
  (r, c) => (r + c) % 2 === 0, (r) => r % 2 === 0, (_, c) => c % 3 === 0, (r, c) => (r + c) % 3 === 0,
  (r, c) => ((r >> 1) + Math.floor(c / 3)) % 2 === 0, (r, c) => ((r * c) % 2) + ((r * c) % 3) === 0,
  (r, c) => (((r * c) % 2) + ((r * c) % 3)) % 2 === 0, (r, c) => (((r + c) % 2) + ((r * c) % 3)) % 2 === 0,
];

test("codes are those that another maker draws", () => {
  for (const [text, hash] of KNOWN) {
    const drawn = qrCode(text).map((row) => row.map(Number).join("")).join("");
    assert.equal(createHash("sha256").update(drawn).digest("hex").slice(0, 16), hash, text.slice(0, 3));
  }
});

/** Reads a code of one block (versions 1 to 5) back: its own way, without a word of the module. */
function read(grid) {
  const size = grid.length;
  const format = [0, 1, 2, 3, 4, 5, 7, 8].map((c) => grid[8][c]).concat([7, 5, 4, 3, 2, 1, 0].map((r) => grid[r][8]));
  const mask = MASKS[((parseInt(format.map(Number).join(""), 2) ^ 0x5412) >> 10) & 7];
  const at = size - 7;
  const isFixed = (r, c) =>
    (r < 9 && (c < 9 || c > size - 9)) || (r > size - 9 && c < 9) || r === 6 || c === 6 || (size > 21 && Math.abs(r - at + 0) <= 2 && Math.abs(c - at) <= 2);
  const bits = [];
  for (let right = size - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right -= 1;
    for (let step = 0; step < size; step += 1) {
      const row = up ? size - 1 - step : step;
      for (const column of [right, right - 1]) if (!isFixed(row, column)) bits.push(Number(grid[row][column] !== mask(row, column)));
    }
  }
  const length = parseInt(bits.slice(4, 12).join(""), 2);
  return new TextDecoder().decode(Uint8Array.from({ length }, (_, i) => parseInt(bits.slice(12 + i * 8, 20 + i * 8).join(""), 2)));
}

test("codes that are not full read back as their text", () => {
  for (const text of ["a", "https://clinic.example/", "ünï".repeat(9), "https://clinic.example/v/1234567890/#secret-of-43-letters"]) {
    assert.equal(read(qrCode(text)), text);
  }
});

test("a personal link fits, and what is too long is refused", () => {
  const link = `https://telemedicine.a-rather-long-name-of-a-clinic.example.org/v/0192f3aa-1111-4222-8333-444455556666/#${"A".repeat(43)}`;
  assert.ok(qrCode(link).length <= 57);
  assert.throws(() => qrCode("x".repeat(272)), RangeError);
});
