import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Outgoing } from "../../static/js/outgoing.js";

/** A sender as a browser makes them: `knows` is what it keeps of an encoding, `refuses` what it will not take. */
class FakeSender {
  track = null;
  encoding = {};
  sets = 0;
  constructor({ layers = true, refuses = false } = {}) {
    Object.assign(this, { layers, refuses });
  }
  async replaceTrack(track) {
    this.track = track;
  }
  getParameters() {
    return { encodings: [{ ...this.encoding }] };
  }
  async setParameters({ encodings: [encoding] }) {
    this.sets += 1;
    if (this.refuses && encoding.scalabilityMode) throw new DOMException("no layers", "OperationError");
    const { scalabilityMode, ...rest } = encoding;
    this.encoding = this.layers && scalabilityMode ? encoding : rest;
  }
}

function outgoing(sender) {
  const all = new Outgoing();
  all.lift({ getTransceivers: () => [{ mid: "1", sender }] }, { camera: "1" });
  return all;
}

test("the camera is asked for two layers in time", async () => {
  const sender = new FakeSender();
  await outgoing(sender).tune();
  assert.deepEqual(sender.encoding, { maxBitrate: 1_700_000, scalabilityMode: "L1T2" });
});

test("a browser that refuses layers sends without, and is not asked again", async () => {
  const sender = new FakeSender({ refuses: true });
  const all = outgoing(sender);
  await all.tune();
  assert.deepEqual(sender.encoding, { maxBitrate: 1_700_000 });
  all.setBitrate(250_000);
  await all.tune();
  assert.deepEqual(sender.encoding, { maxBitrate: 250_000 });
  assert.equal(sender.sets, 3);
});

test("a browser that knows no layers is asked once", async () => {
  const sender = new FakeSender({ layers: false });
  const all = outgoing(sender);
  await all.tune();
  await all.tune();
  assert.equal(sender.sets, 1);
});

test("a connection that closed meanwhile is no fault", async () => {
  const warn = mock.method(console, "warn", () => {});
  const sender = new FakeSender();
  sender.setParameters = async () => {
    throw new DOMException("closed", "InvalidStateError");
  };
  await outgoing(sender).tune();
  assert.equal(warn.mock.callCount(), 0);
  mock.restoreAll();
});
