/** Entry of a recording's page: plays everybody in step, or says how far the recording is. */

import { announce, icon, need, say } from "./dom.js";
import { Bar, spoken } from "./player-bar.js";
import { Chat } from "./player-chat.js";
import { showExports } from "./player-export.js";
import { listen } from "./player-keys.js";
import { Conductor } from "./player-sync.js";
import { Tiles } from "./player-tiles.js";
import { gettext, interpolate, pgettext } from "./words.js";

const STEP_MS = 10_000;
const TICK_MS = 100;
const LOOK_EVERY_MS = 2000;
// A moment of waiting needs no word.
const SAY_WAITING_AFTER_MS = 700;

const root = need(document, "[data-player]");
const data = JSON.parse(need(document, "#player-data").textContent ?? "{}");

async function timeline() {
  const answer = await fetch(data.timeline, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`the timeline answers ${answer.status}`);
  return answer.json();
}

/** @param {any} told */
function begin(told) {
  const tiles = new Tiles(need(root, "[data-tiles]"), told.tracks);
  const conductor = new Conductor(tiles.parts, told.duration_ms);
  const seek = (/** @type {number} */ position) => {
    conductor.seek(position);
    show();
  };
  const bar = new Bar(need(root, "[data-bar]"), told.tracks, told.duration_ms, seek);
  const chat = new Chat(root, told.chat, seek);
  const speed = /** @type {HTMLSelectElement} */ (need(root, "[data-speed]"));
  const note = need(root, "[data-note]");
  let wasPlaying = false;

  function show() {
    const position = conductor.position;
    bar.show(position);
    chat.show(position);
    tiles.update(position);
    const words = noteWords(conductor, told);
    note.hidden = words === "";
    say(note, words);
    if (wasPlaying !== conductor.playing) {
      wasPlaying = conductor.playing;
      const face = need(root, "[data-play-face]");
      face.replaceChildren(icon(wasPlaying ? "pause" : "play", "fill"), wasPlaying ? pgettext("button", "Pause") : gettext("Play"));
      root.dataset.playing = wasPlaying ? "yes" : "no";
    }
  }

  function toggle() {
    if (conductor.playing) conductor.pause();
    else conductor.play();
    show();
  }

  /** @param {number} by */
  function step(by) {
    seek(conductor.position + by);
    announce(spoken(conductor.position));
  }

  /** @param {number} by */
  function choose(by) {
    const index = Math.max(0, Math.min(speed.options.length - 1, speed.selectedIndex + by));
    speed.selectedIndex = index;
    conductor.setRate(Number(speed.value));
    announce(interpolate(gettext("Speed: %(speed)s"), { speed: speed.options[index]?.text ?? "" }));
  }

  need(root, "[data-act=play]").addEventListener("click", toggle);
  need(root, "[data-act=back]").addEventListener("click", () => step(-STEP_MS));
  need(root, "[data-act=on]").addEventListener("click", () => step(STEP_MS));
  speed.addEventListener("change", () => conductor.setRate(Number(speed.value)));
  const help = /** @type {HTMLDialogElement} */ (need(document, "#shortcuts"));
  listen(root.querySelector("[data-letters]"), (act) => {
    if (act === "toggle") toggle();
    else if (act === "back") step(-STEP_MS);
    else if (act === "on") step(STEP_MS);
    else if (act === "start") step(-told.duration_ms);
    else if (act === "end") step(told.duration_ms);
    else if (act === "slower") choose(-1);
    else if (act === "quicker") choose(1);
    else help.showModal();
  });
  window.setInterval(() => {
    conductor.tick();
    show();
  }, TICK_MS);
  need(root, "[data-bar]").hidden = false;
  conductor.seek(0);
  show();
}

/** @param {Conductor} conductor @param {any} told */
function noteWords(conductor, told) {
  if (told.tracks.length === 0) return gettext("Nobody's part is left to play.");
  if (conductor.waiting > SAY_WAITING_AFTER_MS) return gettext("Waiting for your connection. It goes on by itself.");
  const erased = told.erased.map((/** @type {{name: string, you: boolean}} */ one) => (one.you ? gettext("your part") : one.name));
  if (erased.length > 0 && !conductor.playing) return interpolate(gettext("Erased: %(who)s."), { who: erased.join(", ") });
  return "";
}

/** While it is being put together: the figure moves, and the page shows the player when it is ready. */
async function watch() {
  try {
    const told = await timeline();
    if (told.words.state !== root.dataset.state) {
      location.reload();
      return;
    }
    const bar = root.querySelector("[data-percent]");
    if (bar instanceof HTMLProgressElement && told.percent !== null) {
      bar.value = told.percent;
      say(need(root, "[data-percent-words]"), `${told.percent} %`);
    }
  } catch {
    // The connection is away: the next look may find it.
  }
  window.setTimeout(watch, LOOK_EVERY_MS);
}

async function open() {
  if (root.dataset.state === "ready") {
    showExports(need(root, "[data-exports]"));
    const note = need(root, "[data-note]");
    const tell = (/** @type {string} */ words) => {
      note.hidden = false;
      say(note, words);
    };
    const slow = window.setTimeout(() => tell(gettext("One moment, the recording is coming.")), SAY_WAITING_AFTER_MS);
    try {
      begin(await timeline());
    } catch {
      tell(gettext("The recording cannot be reached just now. Check your connection, then load this page again."));
      need(root, "[data-bar]").classList.add("is-away");
    } finally {
      window.clearTimeout(slow);
    }
  } else if (root.dataset.state === "preparing" || root.dataset.state === "recording") {
    window.setTimeout(watch, LOOK_EVERY_MS);
  }
}

void open();
