import assert from "node:assert/strict";
import { test } from "node:test";

import { arrange } from "../../static/js/arrange.js";
import { ActiveSpeaker, swapped } from "../../static/js/speaker.js";

/** What a call has for its pictures: patient and doctor on a desktop, with and without chat, and phones. */
const PLACES = {
  "patient 1280": { width: 1232, height: 618 },
  "patient 1280 with chat": { width: 872, height: 618 },
  "doctor 1280": { width: 544, height: 640 },
  "doctor 1280 with chat": { width: 544, height: 420 },
  "phone 360": { width: 344, height: 560 },
  "phone 360 with chat": { width: 344, height: 216 },
  "phone 320": { width: 304, height: 420 },
  "doctor's phone": { width: 344, height: 244 },
};

const overlap = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

test("beside an interpreter no picture is narrower than 160 on a phone of 360, however many there are", () => {
  for (let others = 1; others <= 7; others += 1) {
    for (const box of arrange(PLACES["phone 360"], others, false, true).others) assert.ok(box.width >= 160, `${others}: ${box.width}`);
  }
});

for (const [name, place] of Object.entries(PLACES)) {
  for (const screen of [false, true]) {
    test(`pictures of one to seven others lie apart and inside on a ${name}${screen ? " with a screen" : ""}`, () => {
      for (let others = 0; others <= 8; others += 1) {
        const { large, others: small } = arrange(place, others, screen);
        assert.equal(small.length, others);
        const boxes = [large, ...small];
        for (const box of boxes) {
          const inside = box.x >= 0 && box.y >= 0 && box.x + box.width <= place.width && box.y + box.height <= place.height;
          assert.ok(inside, `${others}: ${JSON.stringify(box)}`);
          assert.ok(box.width > 30 && box.height > 30, `${others}: ${JSON.stringify(box)}`);
        }
        for (let one = 0; one < boxes.length; one += 1) {
          for (let other = 0; other < one; other += 1) assert.ok(!overlap(boxes[one], boxes[other]), `${others}: ${one} and ${other}`);
        }
        for (const box of small) assert.ok(large.width * large.height >= box.width * box.height);
      }
    });
  }
}

test("on a desktop nobody of eight is narrower than 160 px", () => {
  for (const name of ["patient 1280", "patient 1280 with chat", "doctor 1280", "doctor 1280 with chat"]) {
    for (let others = 1; others <= 7; others += 1) {
      const { large, others: small } = arrange(PLACES[name], others);
      for (const box of [large, ...small]) assert.ok(box.width >= 160, `${name}, ${others}: ${JSON.stringify(box)}`);
    }
  }
});

test("an interpreter on a phone has 160 px among three and four people", () => {
  for (const others of [2, 3]) {
    for (const name of ["phone 360", "phone 360 with chat"]) {
      for (const box of arrange(PLACES[name], others).others) assert.ok(box.width >= 160, `${name}, ${others}: ${JSON.stringify(box)}`);
    }
  }
});

test("with the chat open on a phone the one who speaks stands beside the two others", () => {
  const { large, others } = arrange(PLACES["phone 360 with chat"], 2);
  assert.equal(large.height, 216);
  assert.deepEqual(others.map(({ x }) => x), [184, 184]);
});

test("a screen keeps most of the place beside eight people", () => {
  const { large } = arrange(PLACES["patient 1280"], 8, true);
  assert.ok(large.width * large.height > 0.5 * 1232 * 618);
});

const people = (...speaking) => ["a", "b", "c"].map((id) => ({ id, speaking: speaking.includes(id) }));

test("the large place is the first one's until somebody else has spoken for a while", () => {
  const speaker = new ActiveSpeaker();
  assert.equal(speaker.push(people(), 0), "a");
  assert.equal(speaker.push(people("b"), 100), "a");
  assert.equal(speaker.push(people("b"), 900), "a");
  assert.equal(speaker.push(people("b"), 1_000), "b");
});

test("a cough and a pause for breath move nobody", () => {
  const speaker = new ActiveSpeaker();
  speaker.push(people("a"), 0);
  assert.equal(speaker.push(people("b"), 250), "a");
  assert.equal(speaker.push(people(), 500), "a");
  speaker.push(people("a"), 750);
  speaker.push(people("b"), 1_000);
  assert.equal(speaker.push(people("b"), 2_200), "a", "silent for less than a second and a half");
  assert.equal(speaker.push(people("b"), 2_300), "b");
});

test("two who speak at once do not take turns", () => {
  const speaker = new ActiveSpeaker();
  for (let now = 0; now < 20_000; now += 250) assert.equal(speaker.push(people("a", "b"), now), "a");
});

test("when the one with the large place goes the next has it", () => {
  const speaker = new ActiveSpeaker();
  speaker.push(people(), 0);
  assert.equal(speaker.push([{ id: "c", speaking: false }], 250), "c");
  assert.equal(speaker.push([], 500), "");
});

test("who becomes large changes places with who was, and nobody else moves", () => {
  assert.deepEqual(swapped(["a", "b", "c"], "c"), ["c", "b", "a"]);
  assert.deepEqual(swapped(["a", "b", "c"], "a"), ["a", "b", "c"]);
  assert.deepEqual(swapped(["a"], "gone"), ["a"]);
});
