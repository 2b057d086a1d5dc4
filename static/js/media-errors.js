/** Turns every way in which a camera or microphone can fail into one plain sentence and one thing to do. Pure. */

import { gettext, interpolate } from "./words.js";

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
  const filled = { ...context, device, practitioner: context.practitioner || gettext("the doctor") };
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

/** @typedef {Omit<MediaTrouble, "device"|"inside">} Words */

/**
 * One whole sentence for each device: other languages cannot put them together.
 * @param {"camera"|"microphone"|"both"} device
 * @param {string} camera
 * @param {string} microphone
 * @param {string} both
 */
const of = (device, camera, microphone, both) => ({ camera, microphone, both })[device];
/** @param {Filled} context */
const machine = ({ phone }) => (phone ? gettext("phone") : gettext("computer"));
/** @param {string} text */
const capital = (text) => text[0].toUpperCase() + text.slice(1);

const TEXTS = {
  /** @param {Filled} c @returns {Words} */
  "media.denied": (c) => {
    const title = of(
      c.device,
      gettext("Your browser may not use your camera"),
      gettext("Your browser may not use your microphone"),
      gettext("Your browser may not use your camera and microphone"),
    );
    const inside = of(
      c.device,
      gettext("Allow it in the address bar, then press Try again."),
      gettext("Allow it in the address bar, then press Try again."),
      gettext("Allow them in the address bar, then press Try again."),
    );
    const outside = of(
      c.device,
      gettext("Allow it in the address bar, then press Try again, or go in with sound only."),
      gettext("Allow it in the address bar, then press Try again, or go in and write in the chat."),
      gettext("Allow them in the address bar, then press Try again, or go in without them."),
    );
    return {
      code: "media.denied",
      tag: of(c.device, gettext("Camera is blocked"), gettext("Microphone is blocked"), gettext("Camera and microphone are blocked")),
      title,
      message: `${title}. ${c.inside ? inside : outside}`,
      action: "try-again",
      desk: of(c.device, gettext("camera blocked"), gettext("microphone blocked"), gettext("camera and microphone blocked")),
    };
  },
  /** @param {Filled} c @returns {Words} */
  "media.off": (c) => ({
    code: "media.off",
    tag: of(c.device, gettext("Camera is off"), gettext("Microphone is off"), gettext("Camera and microphone are off")),
    title: of(c.device, gettext("Your camera is off"), gettext("Your microphone is off"), gettext("Your camera and microphone are off")),
    message: interpolate(
      of(
        c.device,
        gettext("Your camera is off in this window. Switch it on so that %(doctor)s can see you."),
        gettext("Your microphone is off in this window. Switch it on so that %(doctor)s can hear you."),
        gettext("Your camera and microphone are off in this window. Switch them on so that %(doctor)s can see and hear you."),
      ),
      { doctor: c.practitioner },
    ),
    action: "switch-on",
    desk: of(c.device, gettext("camera off"), gettext("microphone off"), gettext("camera and microphone off")),
  }),
  /** @param {Filled} c @returns {Words} */
  "media.denied_system": (c) => ({
    code: "media.denied_system",
    tag: of(c.device, gettext("Camera is off in Settings"), gettext("Microphone is off in Settings"), gettext("Camera and microphone are off in Settings")),
    title: interpolate(
      of(
        c.device,
        gettext("Your %(machine)s keeps the camera from this browser"),
        gettext("Your %(machine)s keeps the microphone from this browser"),
        gettext("Your %(machine)s keeps the camera and microphone from this browser"),
      ),
      { machine: machine(c) },
    ),
    message: interpolate(
      of(
        c.device,
        gettext("Your %(machine)s does not let this browser use the camera. Open Settings, choose this browser, switch Camera on, then come back."),
        gettext("Your %(machine)s does not let this browser use the microphone. Open Settings, choose this browser, switch Microphone on, then come back."),
        gettext("Your %(machine)s does not let this browser use the camera and microphone. Open Settings, choose this browser, switch Camera and Microphone on, then come back."),
      ),
      { machine: machine(c) },
    ),
    action: "open-settings",
    desk: of(c.device, gettext("camera off in settings"), gettext("microphone off in settings"), gettext("camera and microphone off in settings")),
  }),
  /** @param {Filled} c @returns {Words} */
  "media.prompt_open": (c) => ({
    code: "media.prompt_open",
    tag: gettext("Your browser is asking"),
    title: of(c.device, gettext("May we use the camera?"), gettext("May we use the microphone?"), gettext("May we use the camera and microphone?")),
    message: of(
      c.device,
      gettext("Your browser is asking whether we may use the camera. Look for the question at the top of the screen and choose Allow."),
      gettext("Your browser is asking whether we may use the microphone. Look for the question at the top of the screen and choose Allow."),
      gettext("Your browser is asking whether we may use the camera and microphone. Look for the question at the top of the screen and choose Allow."),
    ),
    action: "look-for-question",
    desk: gettext("browser is asking"),
  }),
  /** @param {Filled} c @returns {Words} */
  "media.none_camera": (c) => {
    const found = c.phone ? gettext("We find no camera on this phone.") : gettext("We find no camera on this computer.");
    const rest = c.inside
      ? interpolate(gettext("%(doctor)s hears you, and you see them."), { doctor: capital(c.practitioner) })
      : interpolate(gettext("You can go in with sound only; %(doctor)s hears you, and you see them."), { doctor: c.practitioner });
    return {
      code: "media.none_camera",
      tag: gettext("No camera found"),
      title: gettext("We find no camera"),
      message: `${found} ${rest}`,
      action: "try-again",
      desk: gettext("no camera"),
    };
  },
  /** @param {Filled} c @returns {Words} */
  "media.none_mic": (c) => ({
    code: "media.none_mic",
    tag: gettext("No microphone found"),
    title: gettext("We find no microphone"),
    message: c.inside
      ? gettext("We find no microphone. Plug one in and press Try again, or write in the chat.")
      : gettext("We find no microphone. Plug one in and press Try again, or go in and write in the chat."),
    action: "try-again",
    desk: gettext("no microphone"),
  }),
  /** @param {Filled} c @returns {Words} */
  "media.busy": (c) => {
    const title = of(
      c.device,
      gettext("Another program is using your camera"),
      gettext("Another program is using your microphone"),
      gettext("Another program is using your camera and microphone"),
    );
    const meanwhile = of(
      c.device,
      gettext("You can go in with sound only meanwhile."),
      gettext("You can go in and write in the chat meanwhile."),
      gettext("You can go in without them meanwhile."),
    );
    const close = gettext("Close other video calls, then press Try again.");
    return {
      code: "media.busy",
      tag: of(c.device, gettext("Camera is in use"), gettext("Microphone is in use"), gettext("Camera and microphone are in use")),
      title,
      message: `${title}. ${close}${c.inside ? "" : ` ${meanwhile}`}`,
      action: "try-again",
      desk: of(c.device, gettext("camera busy"), gettext("microphone busy"), gettext("camera and microphone busy")),
    };
  },
  /** @param {Filled} c @returns {Words} */
  "media.constraint": ({ device }) => {
    const mic = device === "microphone";
    return {
      code: "media.constraint",
      tag: mic ? gettext("Another microphone") : gettext("Another camera"),
      title: mic ? gettext("We chose another microphone") : gettext("We chose another camera"),
      message: mic
        ? gettext("The microphone you used last time is not there. We chose another one; check your sound.")
        : gettext("The camera you used last time is not there. We chose another one; check your picture."),
      action: "check-picture",
      desk: mic ? gettext("other microphone") : gettext("other camera"),
    };
  },
  /** @param {Filled} c @returns {Words} */
  "media.aborted": ({ device }) => {
    const mic = device === "microphone";
    return {
      code: "media.aborted",
      tag: mic ? gettext("Microphone stopped") : gettext("Camera stopped"),
      title: mic ? gettext("The microphone stopped while starting") : gettext("The camera stopped while starting"),
      message: mic
        ? gettext("The microphone stopped while starting. Press Try again.")
        : gettext("The camera stopped while starting. Press Try again."),
      action: "try-again",
      desk: mic ? gettext("microphone stopped") : gettext("camera stopped"),
    };
  },
  /** @returns {Words} */
  "media.insecure": () => ({
    code: "media.insecure",
    tag: gettext("Open in your browser"),
    title: gettext("This page cannot use a camera here"),
    message: gettext("This page cannot use a camera inside another app. Open it in Safari or Chrome: copy the link below."),
    action: "other-browser",
    desk: gettext("page inside another app"),
  }),
  /** @returns {Words} */
  "media.silent": () => ({
    code: "media.silent",
    tag: gettext("We hear nothing"),
    title: gettext("We hear nothing"),
    message: gettext("We hear nothing from your microphone. Is it covered, or switched off on the headset?"),
    action: "try-again",
    desk: gettext("microphone silent"),
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
  if (code === "media.denied_system") return settingsSteps(agent, device);
  if (code === "media.busy") {
    return [gettext("Close other video calls and programs that show your picture."), gettext("Come back here and press **Try again**.")];
  }
  if (code !== "media.denied") return [];
  if (/Firefox\//.test(agent)) {
    return [
      of(
        device,
        gettext("Press the crossed-out camera sign to the left of the address at the top."),
        gettext("Press the crossed-out microphone sign to the left of the address at the top."),
        gettext("Press the crossed-out camera and microphone signs to the left of the address at the top."),
      ),
      of(
        device,
        gettext("Press the cross next to **Blocked** for Camera."),
        gettext("Press the cross next to **Blocked** for Microphone."),
        gettext("Press the cross next to **Blocked** for Camera and for Microphone."),
      ),
      gettext("Come back here, press **Try again** and choose **Allow**."),
    ];
  }
  if (/iPhone|iPad/.test(agent)) {
    return [
      gettext("Touch the sign at the left end of the address bar."),
      of(
        device,
        gettext("Touch **Website Settings**, then **Camera**."),
        gettext("Touch **Website Settings**, then **Microphone**."),
        gettext("Touch **Website Settings**, then **Camera** and **Microphone**."),
      ),
      gettext("Choose **Allow** and come back here."),
    ];
  }
  if (/Safari\//.test(agent) && !/Chrom(e|ium)|Edg\//.test(agent)) {
    return [
      gettext("Open the **Safari** menu and choose **Settings for This Website**."),
      of(
        device,
        gettext("Next to **Camera**, choose **Allow**."),
        gettext("Next to **Microphone**, choose **Allow**."),
        gettext("Next to **Camera** and **Microphone**, choose **Allow**."),
      ),
      gettext("Come back here and press **Try again**."),
    ];
  }
  if (/Android/.test(agent)) {
    return [
      gettext("Touch the sign with two sliders to the left of the address at the top."),
      touchPermissions(device),
      gettext("Choose **Allow** and come back here."),
    ];
  }
  return [
    gettext("Press the sign with two sliders to the left of the address at the top."),
    of(
      device,
      gettext("Find **Camera** in the list."),
      gettext("Find **Microphone** in the list."),
      gettext("Find **Camera** and **Microphone** in the list."),
    ),
    device === "both" ? gettext("Switch both to **Allow** and come back here.") : gettext("Switch it to **Allow** and come back here."),
  ];
}

/** @param {"camera"|"microphone"|"both"} device */
function touchPermissions(device) {
  return of(
    device,
    gettext("Touch **Permissions**, then **Camera**."),
    gettext("Touch **Permissions**, then **Microphone**."),
    gettext("Touch **Permissions**, then **Camera** and **Microphone**."),
  );
}

/** @param {string} agent @param {"camera"|"microphone"|"both"} device */
function settingsSteps(agent, device) {
  if (/Android/.test(agent)) {
    return [
      gettext("Open **Settings**, then **Apps**, and choose this browser."),
      touchPermissions(device),
      gettext("Choose **Allow** and come back here."),
    ];
  }
  if (/iPhone|iPad/.test(agent)) {
    return [
      gettext("Open **Settings** and choose this browser."),
      of(device, gettext("Switch **Camera** on."), gettext("Switch **Microphone** on."), gettext("Switch **Camera** and **Microphone** on.")),
      gettext("Come back here and press **Try again**."),
    ];
  }
  if (/Macintosh/.test(agent)) {
    return [
      gettext("Open **System Settings**, then **Privacy & Security**."),
      of(
        device,
        gettext("Choose **Camera** and switch this browser on."),
        gettext("Choose **Microphone** and switch this browser on."),
        gettext("Choose **Camera** and **Microphone** and switch this browser on."),
      ),
      gettext("Come back here and press **Try again**."),
    ];
  }
  return [
    gettext("Open **Settings**, then **Privacy**."),
    of(
      device,
      gettext("Choose **Camera** and allow it for this browser."),
      gettext("Choose **Microphone** and allow it for this browser."),
      gettext("Choose **Camera** and **Microphone** and allow both for this browser."),
    ),
    gettext("Come back here and press **Try again**."),
  ];
}
