/** The More dialog of the call: which camera, microphone and speaker, where one's own picture sits, larger text. */

import { make, need } from "./dom.js";
import { gettext, interpolate } from "./words.js";

/** @typedef {import("./media.js").LocalMedia} LocalMedia */
/** @typedef {import("./own-tile.js").OwnTile} OwnTile */

/**
 * @param {HTMLDialogElement} dialog
 * @param {Object} parts
 * @param {LocalMedia} parts.media
 * @param {OwnTile} parts.own
 * @param {(id: string) => void} parts.onSpeaker
 * @param {(trouble: import("./types.js").MediaTrouble) => void} parts.onTrouble
 */
export function optionsDialog(dialog, { media, own, onSpeaker, onTrouble }) {
  const selects = {
    microphone: need(dialog, "[data-pick=microphone]"),
    camera: need(dialog, "[data-pick=camera]"),
    speaker: need(dialog, "[data-pick=speaker]"),
    corner: need(dialog, "[data-pick=corner]"),
  };
  const swap = need(dialog, "[data-switch-camera]");
  const large = /** @type {HTMLInputElement} */ (need(dialog, "[data-large-text]"));

  const said = (/** @type {import("./types.js").MediaTrouble|null} */ trouble) => {
    if (!trouble) return;
    dialog.close();
    onTrouble(trouble);
  };
  const value = (/** @type {HTMLElement} */ select) => /** @type {HTMLSelectElement} */ (select).value;
  selects.microphone.addEventListener("change", async () => said(await media.choose("microphone", value(selects.microphone))));
  selects.camera.addEventListener("change", async () => said(await media.choose("camera", value(selects.camera))));
  selects.speaker.addEventListener("change", () => onSpeaker(value(selects.speaker)));
  selects.corner.addEventListener("change", () => {
    own.corner = /** @type {import("./own-tile.js").Corner} */ (value(selects.corner));
  });
  swap.addEventListener("click", async () => said(await media.switchCamera()));
  large.addEventListener("change", () => document.documentElement.classList.toggle("hc-large-text", large.checked));

  return async () => {
    const cameras = await fill(selects.camera, await media.list("videoinput"), media.track("camera"));
    await fill(selects.microphone, await media.list("audioinput"), media.track("microphone"));
    const speakers = "setSinkId" in HTMLMediaElement.prototype ? await media.list("audiooutput") : [];
    await fill(selects.speaker, speakers, null, media.choices.speakerId);
    swap.hidden = cameras < 2;
    /** @type {HTMLSelectElement} */ (selects.corner).value = own.corner;
    dialog.showModal();
  };
}

/**
 * @param {HTMLElement} select
 * @param {MediaDeviceInfo[]} devices
 * @param {MediaStreamTrack|null} track the one in use
 * @param {string} [chosen]
 * @returns {Promise<number>} how many there are
 */
export async function fill(select, devices, track, chosen = track?.getSettings().deviceId ?? "") {
  const options = devices.map((device, index) => {
    return make("option", { value: device.deviceId, selected: device.deviceId === chosen }, device.label || interpolate(gettext("Number %(number)s"), { number: index + 1 }));
  });
  select.replaceChildren(...options);
  const field = select.closest(".hc-field");
  if (field instanceof HTMLElement) field.hidden = devices.length === 0;
  return devices.length;
}
