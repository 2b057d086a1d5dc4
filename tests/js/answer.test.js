import assert from "node:assert/strict";
import { test } from "node:test";

import { withAudioNack } from "../../static/js/answer.js";

const voice = (mid, extra = "", port = 9) =>
  `m=audio ${port} UDP/TLS/RTP/SAVPF 111\r\na=mid:${mid}\r\na=rtpmap:111 opus/48000/2\r\n${extra}a=fmtp:111 useinbandfec=1\r\n`;
const picture = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\n";
const head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n";
const NACK = "a=rtcp-fb:111 nack\r\n";

test("each voice whose offer has it gets the line, and nothing else changes", () => {
  const offer = head + voice("0", NACK) + picture + voice("2", NACK) + voice("3");
  const answer = head + voice("0") + picture + voice("2") + voice("3");
  assert.equal(withAudioNack(answer, offer), head + voice("0", NACK) + picture + voice("2", NACK) + voice("3"));
});

test("an answer that has the line already stays as it is", () => {
  const offer = head + voice("0", NACK);
  for (const line of [NACK, "a=rtcp-fb:* nack\r\n"]) {
    const answer = head + voice("0", line);
    assert.equal(withAudioNack(answer, offer), answer);
  }
});

test("picture loss is not sound loss", () => {
  const offer = head + voice("0", "a=rtcp-fb:111 nack pli\r\n");
  const answer = head + voice("0");
  assert.equal(withAudioNack(answer, offer), answer);
});

test("a section that was refused is left alone", () => {
  const offer = head + voice("0", NACK);
  const answer = head + voice("0", "", 0);
  assert.equal(withAudioNack(answer, offer), answer);
});

test("the payload type is the answer's own", () => {
  const other = (text) => text.replaceAll("111", "109");
  const offer = head + other(voice("0", NACK));
  assert.equal(withAudioNack(head + other(voice("0")), offer), offer);
});
