import assert from "node:assert/strict";
import { test } from "node:test";

import { explainMediaError, signOf, stepsToAllow } from "../../static/js/media-errors.js";

const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const ANDROID = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36";
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1";
const SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15";

const CASES = [
  ["NotAllowedError", "", "camera", "media.denied"],
  ["NotAllowedError", "Permission denied by system", "camera", "media.denied_system"],
  ["PermissionDismissedError", "", "both", "media.denied"],
  ["NotFoundError", "", "camera", "media.none_camera"],
  ["NotFoundError", "", "microphone", "media.none_mic"],
  ["NotFoundError", "", "both", "media.none_mic"],
  ["NotReadableError", "", "camera", "media.busy"],
  ["TrackStartError", "", "microphone", "media.busy"],
  ["OverconstrainedError", "", "camera", "media.constraint"],
  ["AbortError", "", "camera", "media.aborted"],
  ["SecurityError", "", "both", "media.insecure"],
  ["TypeError", "", "both", "media.insecure"],
  ["media.prompt_open", "", "both", "media.prompt_open"],
  ["media.silent", "", "microphone", "media.silent"],
  ["media.off", "", "both", "media.off"],
  ["SomethingNewError", "", "camera", "media.aborted"],
];

for (const [name, message, device, code] of CASES) {
  test(`explain ${name} of ${device} ${message} says ${code}`, () => {
    const trouble = explainMediaError({ name, message }, { device, practitioner: "Dr Marlow" });
    assert.equal(trouble.code, code);
    for (const words of [trouble.tag, trouble.title, trouble.message, trouble.inside, trouble.desk]) assert.ok(words.length > 3);
    assert.match(trouble.message, /\.$|\?$/);
    assert.doesNotMatch(trouble.message, /error|undefined|!/i);
    assert.match(trouble.inside, /\.$|\?$/);
    assert.doesNotMatch(trouble.inside, /error|undefined|!|go in/i);
  });
}

test("explain nothing at all still says a sentence", () => {
  assert.equal(explainMediaError(null).code, "media.aborted");
});

test("explain a denied camera gives the reference sentence", () => {
  assert.equal(
    explainMediaError({ name: "NotAllowedError" }, { device: "camera" }).message,
    "Your browser may not use your camera. Allow it in the address bar, then press Try again, or go in with sound only.",
  );
});

test("explain a missing camera names the doctor and the machine", () => {
  const { message } = explainMediaError({ name: "NotFoundError" }, { device: "camera", practitioner: "Dr Marlow", phone: true });
  assert.match(message, /on this phone/);
  assert.match(message, /Dr Marlow hears you/);
});

test("steps for a denied camera differ by browser and name the camera", () => {
  const all = [CHROME, ANDROID, FIREFOX, IPHONE, SAFARI].map((agent) => stepsToAllow(agent, "camera", "media.denied").join(" "));
  assert.equal(new Set(all).size, all.length);
  for (const words of all) assert.match(words, /Camera|camera/);
});

test("steps for a denied microphone never name the camera", () => {
  for (const agent of [CHROME, ANDROID, FIREFOX, IPHONE, SAFARI]) {
    for (const code of ["media.denied", "media.denied_system"]) {
      const words = stepsToAllow(agent, "microphone", code).join(" ");
      assert.match(words, /microphone/i);
      assert.doesNotMatch(words, /\*\*Camera/);
    }
  }
});

test("steps for both devices name both", () => {
  for (const agent of [CHROME, ANDROID, FIREFOX, IPHONE, SAFARI]) {
    for (const code of ["media.denied", "media.denied_system"]) {
      const words = stepsToAllow(agent, "both", code).join(" ");
      assert.match(words, /Camera\b.*\bMicrophone/);
    }
  }
});

test("words for both devices in the system's settings name both", () => {
  const { tag, message } = explainMediaError({ name: "NotAllowedError", message: "denied by system" }, { device: "both" });
  assert.equal(tag, "Camera and microphone are off in Settings");
  assert.match(message, /switch Camera and Microphone on/);
});

test("the drawing is that of the device, and the common one for both", () => {
  const sign = (name, device) => signOf(explainMediaError({ name }, { device }));
  assert.equal(sign("NotAllowedError", "camera"), "video-camera-slash");
  assert.equal(sign("NotAllowedError", "microphone"), "microphone-slash");
  assert.equal(sign("NotAllowedError", "both"), "warning");
  assert.equal(sign("NotFoundError", "both"), "microphone-slash");
});

test("steps where nothing is to be allowed are none", () => {
  assert.deepEqual(stepsToAllow(CHROME, "camera", "media.none_camera"), []);
});
