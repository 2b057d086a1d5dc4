/** Entry of the doctor's call page: the call on the left, who it is and how it ends on the right. */

import { ask } from "./dialog.js";
import { announce, icon, need, say } from "./dom.js";
import { enhance } from "./forms.js";
import { LocalMedia } from "./media.js";
import { recordPart } from "./record-part.js";
import { Room } from "./room.js";
import { toast } from "./toast.js";
import { gettext, interpolate } from "./words.js";

const WIDE = matchMedia("(min-width: 68.75rem)");

/** @typedef {{path: string, state: string, patient: string, queue: string}} PageData */

/** The doctor pressed "Call in", and gave the devices on the queue board: the call starts by itself. */
function start(/** @type {PageData} */ data) {
  const stage = need(document, "[data-stage]");
  /** @type {Room|undefined} */
  let room;
  const media = new LocalMedia({
    key: "staff",
    practitioner: data.patient,
    onChange: () => room?.refresh(),
    onNotice: (text) => toast(text, { icon: "microphone" }),
    onTrouble: (trouble) => room?.trouble(trouble),
  });
  const call = new Room(stage, {
    path: data.path,
    media,
    texts: {
      connecting: gettext("Connecting"),
      good: gettext("All connections good"),
      weak: gettext("Weak: sound kept clear"),
      socket: gettext("Picture and sound work, the rest is coming back"),
      theirs: gettext("Weak: sound kept clear"),
      moving: gettext("One moment, your visit goes on"),
      lost: gettext("Connection lost: trying again"),
      held: gettext("Paused for a minute"),
    },
    onVisit: (visit) => {
      recording?.show(visit);
      onVisit(visit, data, call, media);
    },
    onSocket: (state) => {
      recording?.socket(state);
      if (state === "taken") recording?.rest();
      onSocket(state, call, media);
    },
    onLeave: () => hangUp(call, media),
    regions: () => [need(document, "[data-side]")],
  });
  room = call;
  const recording = recordPart({
    live: () => document.documentElement.dataset.visitState === "call",
    next: () => call.controls.focus(),
  });
  call.setLive(true);
  call.join();
  media.start().then((trouble) => trouble && call.trouble(trouble));
  placeChat(stage);
  if (WIDE.matches) call.openChat(true, false);
  need(document, "[data-act=bring-here]").addEventListener("click", () => location.reload());
  finishing(call, media);
}

/** Tab goes as the eye does: on a wide screen the chat stands under the controls, on a narrow one above. @param {HTMLElement} stage */
function placeChat(stage) {
  const chat = need(stage, "[data-chat-panel]");
  const place = () => (WIDE.matches ? stage : need(stage, ".hc-stage-middle")).append(chat);
  WIDE.addEventListener("change", place);
  place();
}

/**
 * @param {import("./types.js").VisitView} visit
 * @param {PageData} data
 * @param {Room} call
 * @param {LocalMedia} media
 */
function onVisit(visit, data, call, media) {
  document.documentElement.dataset.visitState = visit.status === "in-progress" ? "call" : visit.status;
  groupCount(visit);
  showCompany(visit);
  if (!["finished", "cancelled", "onleave", "arrived"].includes(visit.status)) return;
  stop(call, media);
  call.socket.close();
  location.assign(data.queue);
}

/** With whom the patient is, in the words of the server. @param {import("./types.js").VisitView} visit */
function showCompany({ company }) {
  const place = document.querySelector("[data-company]");
  if (!(place instanceof HTMLElement) || !company) return;
  place.hidden = !company.words;
  place.classList.toggle("hc-call-company-alone", company.alone);
  say(need(place, "span"), company.words);
}

/** @param {import("./socket.js").SocketState} state @param {Room} call @param {LocalMedia} media */
function onSocket(state, call, media) {
  if (state === "taken") {
    stop(call, media);
    document.documentElement.dataset.visitState = "other-tab";
    need(document, "[data-other-tab]").hidden = false;
    announce(gettext("Your visit is open in another window."), "assertive");
  } else if (state === "refused") {
    stop(call, media);
    location.reload();
  }
}

/** @param {Room} call @param {LocalMedia} media */
function stop(call, media) {
  call.part();
  media.stop();
}

/** Leaving is not finishing: the form tells the server and goes back to the board. @param {Room} call @param {LocalMedia} media */
function hangUp(call, media) {
  call.leave();
  media.stop();
  /** @type {HTMLFormElement} */ (need(document, "[data-form=leave]")).submit();
}

/**
 * Told over the socket what it asked for itself, this page would go away and break off the form's answer.
 * @param {string} form @param {Room} call @param {LocalMedia} media
 */
function submitAndGo(form, call, media) {
  stop(call, media);
  call.socket.close();
  /** @type {HTMLFormElement} */ (need(document, `[data-form=${form}]`)).submit();
}

/** @param {Room} call @param {LocalMedia} media */
function finishing(call, media) {
  const dialog = /** @type {HTMLDialogElement} */ (need(document, "[data-finish-dialog]"));
  need(document, "[data-act=hold]").addEventListener("click", (event) => {
    event.preventDefault();
    submitAndGo("hold", call, media);
  });
  const undo = document.querySelector("[data-form=undo]");
  if (undo instanceof HTMLFormElement) {
    undo.addEventListener("submit", (event) => {
      event.preventDefault();
      submitAndGo("undo", call, media);
    });
    setTimeout(() => undo.remove(), Number(undo.dataset.left) * 1000);
  }
  need(document, "[data-act=finish]").addEventListener("click", async (event) => {
    event.preventDefault();
    const answer = await ask(dialog);
    if (answer === "leave") hangUp(call, media);
    if (answer === "finish") submitAndGo("finish", call, media);
  });
}

/** How many of a group are here. The list of who that is stays as it was read, and says when it is old. @param {import("./types.js").VisitView} visit */
function groupCount(visit) {
  const line = document.querySelector("[data-group-count]");
  if (!visit.group || !(line instanceof HTMLElement)) return;
  const words = interpolate(gettext("%(here)s of %(all)s are here."), { here: visit.group.here, all: visit.group.of });
  if (line.textContent === words) return;
  line.textContent = words;
  need(document, "[data-group-new]").hidden = false;
}

/** One form for the patient, or one for everybody of a group. */
function identity() {
  for (const form of document.querySelectorAll("[data-form=identity]")) {
    if (!(form instanceof HTMLFormElement) || !form.parentElement) continue;
    const line = need(form.parentElement, "[data-identity]");
    enhance(form, (answer) => {
      line.replaceChildren(icon("check-circle", "fill"), ` ${String(answer.words ?? gettext("Identity confirmed"))}`);
      line.hidden = false;
      form.hidden = true;
      announce(line.textContent ?? "");
    });
  }
}

const held = document.getElementById("call-page");
const data = /** @type {PageData} */ (JSON.parse(held?.textContent ?? "{}"));
document.documentElement.dataset.visitState = data.state;
if (data.state === "call") start(data);
identity();
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
