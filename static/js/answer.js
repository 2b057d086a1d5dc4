/** What we add to the browser's own answer before it is set. Pure: SDP text in, SDP text out. */

/**
 * Chromium can ask for lost sound again, but does not say so by itself: where the relay offers it for a voice and the
 * answer left it out, the line is put back (RFC 4585, 4.2).
 * @param {string} answer
 * @param {string} offer
 * @returns {string} the answer itself where nothing is to be added
 */
export function withAudioNack(answer, offer) {
  const asked = new Set(sections(offer).filter((each) => voicePayload(each) && hasNack(each)).map(midOf));
  if (!asked.size) return answer;
  return sections(answer)
    .map((section) => (voicePayload(section) && asked.has(midOf(section)) && !hasNack(section) ? addNack(section) : section))
    .join("");
}

/** @param {string} sdp @returns {string[]} the session part, then one text per section; together they are the whole */
function sections(sdp) {
  return sdp.split(/^(?=m=)/m);
}

/** @param {string} section @returns {string|undefined} the payload type of Opus in a section that carries sound */
function voicePayload(section) {
  if (!/^m=audio [1-9]/.test(section)) return undefined;
  return /^a=rtpmap:(\d+) opus\//im.exec(section)?.[1];
}

/** @param {string} section */
function midOf(section) {
  return /^a=mid:(\S+)/m.exec(section)?.[1];
}

/** @param {string} section */
function hasNack(section) {
  return new RegExp(`^a=rtcp-fb:(?:${voicePayload(section)}|\\*) nack\\s*$`, "m").test(section);
}

/** @param {string} section */
function addNack(section) {
  const payload = voicePayload(section);
  return section.replace(/^a=rtpmap:\d+ opus\/.*(\r?\n)/im, (line, end) => `${line}a=rtcp-fb:${payload} nack${end}`);
}
