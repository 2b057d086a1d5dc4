/** Turns every way in which a camera or microphone can fail into one plain sentence and one thing to do. Pure. */

/** @typedef {import("./types.js").MediaTrouble} MediaTrouble */
/**
 * @typedef {Object} MediaContext
 * @property {"camera"|"microphone"|"both"} [device] what was asked for
 * @property {string} [practitioner] name as spoken: "Dr Marlow"
 * @property {boolean} [phone] a phone or tablet rather than a computer
 * @property {boolean} [inside] said to somebody who is in the visit already
 */

/**
 * @param {{name?: string, message?: string}|null|undefined} error what getUserMedia threw; a code of ours as `name` works too
 * @param {MediaContext} [context]
 * @returns {MediaTrouble}
 */
export function explainMediaError(error, context = {}) {
  const device = context.device ?? "camera";
  const write = TEXTS[codeOf(error, device)];
  const filled = { ...context, device, practitioner: context.practitioner || "the doctor" };
  return { ...write(filled), inside: write({ ...filled, inside: true }).message, device };
}

/**
 * @param {{name?: string, message?: string}|null|undefined} error
 * @param {"camera"|"microphone"|"both"} device
 * @returns {keyof typeof TEXTS}
 */
function codeOf(error, device) {
  const name = error?.name ?? "";
  if (name in TEXTS) return /** @type {keyof typeof TEXTS} */ (name);
  switch (name) {
    case "NotAllowedError":
    case "PermissionDeniedError":
    case "PermissionDismissedError":
      return /system|platform denied|operating system/i.test(error?.message ?? "") ? "media.denied_system" : "media.denied";
    case "NotFoundError":
    case "DevicesNotFoundError":
      return device === "camera" ? "media.none_camera" : "media.none_mic";
    case "NotReadableError":
    case "TrackStartError":
    case "SourceUnavailableError":
      return "media.busy";
    case "OverconstrainedError":
    case "ConstraintNotSatisfiedError":
      return "media.constraint";
    case "SecurityError":
    case "TypeError":
    case "NotSupportedError":
      return "media.insecure";
    default:
      return "media.aborted";
  }
}

/** @typedef {Required<Pick<MediaContext, "device"|"practitioner">> & MediaContext} Filled */

/** @param {"camera"|"microphone"|"both"} device */
export const nounsOf = (device) => (device === "both" ? "camera and microphone" : device);
/** @param {Filled} context */
const noun = ({ device }) => (device === "microphone" ? "microphone" : "camera");
/** @param {Filled} context */
const nouns = ({ device }) => nounsOf(device);
/** @param {Filled} context */
const are = ({ device }) => (device === "both" ? "are" : "is");
/** @param {Filled} context */
const them = ({ device }) => (device === "both" ? "them" : "it");
/** @typedef {Omit<MediaTrouble, "device"|"inside">} Words */
/** @param {Filled} context */
const machine = ({ phone }) => (phone ? "phone" : "computer");
/** @param {string} text */
const capital = (text) => text[0].toUpperCase() + text.slice(1);
/** @param {Filled} context What still works when this fails. */
const otherWay = ({ device }) =>
  device === "camera" ? "go in with sound only" : device === "microphone" ? "go in and write in the chat" : "go in without them";

const SENSES = { camera: "see", microphone: "hear", both: "see and hear" };

const TEXTS = {
  /** @param {Filled} c @returns {Words} */
  "media.denied": (c) => ({
    code: "media.denied",
    tag: `${capital(nouns(c))} ${are(c)} blocked`,
    title: `Your browser may not use your ${nouns(c)}`,
    message: `Your browser may not use your ${nouns(c)}. Allow ${them(c)} in the address bar, then press Try again${c.inside ? "" : `, or ${otherWay(c)}`}.`,
    action: "try-again",
    desk: `${nouns(c)} blocked`,
  }),
  /** @param {Filled} c @returns {Words} */
  "media.off": (c) => ({
    code: "media.off",
    tag: `${capital(nouns(c))} ${are(c)} off`,
    title: `Your ${nouns(c)} ${are(c)} off`,
    message: `Your ${nouns(c)} ${are(c)} off in this window. Switch ${them(c)} on so that ${c.practitioner} can ${SENSES[c.device]} you.`,
    action: "switch-on",
    desk: `${nouns(c)} off`,
  }),
  /** @param {Filled} c @returns {Words} */
  "media.denied_system": (c) => ({
    code: "media.denied_system",
    tag: `${capital(nouns(c))} ${are(c)} off in Settings`,
    title: `Your ${machine(c)} keeps the ${nouns(c)} from this browser`,
    message: `Your ${machine(c)} does not let this browser use the ${nouns(c)}. Open Settings, choose this browser, switch ${namesOf(c.device).join(" and ")} on, then come back.`,
    action: "open-settings",
    desk: `${nouns(c)} off in settings`,
  }),
  /** @param {Filled} c @returns {Words} */
  "media.prompt_open": (c) => ({
    code: "media.prompt_open",
    tag: "Your browser is asking",
    title: `May we use the ${nouns(c)}?`,
    message: `Your browser is asking whether we may use the ${nouns(c)}. Look for the question at the top of the screen and choose Allow.`,
    action: "look-for-question",
    desk: "browser is asking",
  }),
  /** @param {Filled} c @returns {Words} */
  "media.none_camera": (c) => ({
    code: "media.none_camera",
    tag: "No camera found",
    title: "We find no camera",
    message: `We find no camera on this ${machine(c)}. ${c.inside ? capital(c.practitioner) : `You can go in with sound only; ${c.practitioner}`} hears you, and you see them.`,
    action: "try-again",
    desk: "no camera",
  }),
  /** @param {Filled} c @returns {Words} */
  "media.none_mic": (c) => ({
    code: "media.none_mic",
    tag: "No microphone found",
    title: "We find no microphone",
    message: `We find no microphone. Plug one in and press Try again, or ${c.inside ? "write" : "go in and write"} in the chat.`,
    action: "try-again",
    desk: "no microphone",
  }),
  /** @param {Filled} c @returns {Words} */
  "media.busy": (c) => ({
    code: "media.busy",
    tag: `${capital(nouns(c))} ${are(c)} in use`,
    title: `Another program is using your ${nouns(c)}`,
    message: `Another program is using your ${nouns(c)}. Close other video calls, then press Try again.${c.inside ? "" : ` You can ${otherWay(c)} meanwhile.`}`,
    action: "try-again",
    desk: `${nouns(c)} busy`,
  }),
  /** @param {Filled} c @returns {Words} */
  "media.constraint": (c) => ({
    code: "media.constraint",
    tag: `Another ${noun(c)}`,
    title: `We chose another ${noun(c)}`,
    message: `The ${noun(c)} you used last time is not there. We chose another one; check your ${noun(c) === "camera" ? "picture" : "sound"}.`,
    action: "check-picture",
    desk: `other ${noun(c)}`,
  }),
  /** @param {Filled} c @returns {Words} */
  "media.aborted": (c) => ({
    code: "media.aborted",
    tag: `${capital(noun(c))} stopped`,
    title: `The ${noun(c)} stopped while starting`,
    message: `The ${noun(c)} stopped while starting. Press Try again.`,
    action: "try-again",
    desk: `${noun(c)} stopped`,
  }),
  /** @returns {Words} */
  "media.insecure": () => ({
    code: "media.insecure",
    tag: "Open in your browser",
    title: "This page cannot use a camera here",
    message: "This page cannot use a camera inside another app. Open it in Safari or Chrome: copy the link below.",
    action: "other-browser",
    desk: "page inside another app",
  }),
  /** @returns {Words} */
  "media.silent": () => ({
    code: "media.silent",
    tag: "We hear nothing",
    title: "We hear nothing",
    message: "We hear nothing from your microphone. Is it covered, or switched off on the headset?",
    action: "try-again",
    desk: "microphone silent",
  }),
};

/**
 * The drawing beside the words: that of the device, or the common one where both are concerned.
 * @param {MediaTrouble} trouble
 */
export function signOf({ code, device }) {
  if (device === "microphone" || code === "media.none_mic") return "microphone-slash";
  return device === "camera" ? "video-camera-slash" : "warning";
}

/** As settings call them. @param {"camera"|"microphone"|"both"} device */
function namesOf(device) {
  return device === "both" ? ["Camera", "Microphone"] : [device === "microphone" ? "Microphone" : "Camera"];
}

/** @param {string} agent navigator.userAgent */
export function isPhone(agent) {
  return /Android|iPhone|iPad|Mobile/i.test(agent);
}

/**
 * The presses that allow a device in this very browser, in order. `**word**` is what stands on the button.
 * @param {string} agent navigator.userAgent
 * @param {"camera"|"microphone"|"both"} device
 * @param {string} code of the trouble
 * @returns {string[]}
 */
export function stepsToAllow(agent, device, code) {
  const both = device === "both";
  const what = namesOf(device).map((name) => `**${name}**`).join(" and ");
  const it = both ? "both" : "it";
  if (code === "media.denied_system") return settingsSteps(agent, what, it);
  if (code === "media.busy") {
    return ["Close other video calls and programs that show your picture.", "Come back here and press **Try again**."];
  }
  if (code !== "media.denied") return [];
  if (/Firefox\//.test(agent)) {
    return [
      `Press the crossed-out ${nounsOf(device)} sign${both ? "s" : ""} to the left of the address at the top.`,
      `Press the cross next to **Blocked** for ${namesOf(device).join(" and for ")}.`,
      "Come back here, press **Try again** and choose **Allow**.",
    ];
  }
  if (/iPhone|iPad/.test(agent)) {
    return ["Touch the sign at the left end of the address bar.", `Touch **Website Settings**, then ${what}.`, "Choose **Allow** and come back here."];
  }
  if (/Safari\//.test(agent) && !/Chrom(e|ium)|Edg\//.test(agent)) {
    return ["Open the **Safari** menu and choose **Settings for This Website**.", `Next to ${what}, choose **Allow**.`, "Come back here and press **Try again**."];
  }
  const press = /Android/.test(agent) ? "Touch" : "Press";
  return [
    `${press} the sign with two sliders to the left of the address at the top.`,
    /Android/.test(agent) ? `Touch **Permissions**, then ${what}.` : `Find ${what} in the list.`,
    /Android/.test(agent) ? "Choose **Allow** and come back here." : `Switch ${it} to **Allow** and come back here.`,
  ];
}

/** @param {string} agent @param {string} what @param {string} it */
function settingsSteps(agent, what, it) {
  if (/Android/.test(agent)) {
    return ["Open **Settings**, then **Apps**, and choose this browser.", `Touch **Permissions**, then ${what}.`, "Choose **Allow** and come back here."];
  }
  if (/iPhone|iPad/.test(agent)) {
    return ["Open **Settings** and choose this browser.", `Switch ${what} on.`, "Come back here and press **Try again**."];
  }
  if (/Macintosh/.test(agent)) {
    return ["Open **System Settings**, then **Privacy & Security**.", `Choose ${what} and switch this browser on.`, "Come back here and press **Try again**."];
  }
  return ["Open **Settings**, then **Privacy**.", `Choose ${what} and allow ${it} for this browser.`, "Come back here and press **Try again**."];
}
