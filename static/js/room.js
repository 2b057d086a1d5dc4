/** The call itself, the same for patient and doctor: socket, relay connection, tiles, controls, chat. Pages decide what is shown when. */

import { Awake } from "./awake.js";
import { ChatPanel } from "./chat.js";
import { ServerClock, stopwatch } from "./clock.js";
import { Connection } from "./connection.js";
import { Controls, cycleRegions } from "./controls.js";
import { announce, keepIcons, markOnce, need, say } from "./dom.js";
import { optionsDialog } from "./options.js";
import { shortName } from "./names.js";
import { HELD_FOR } from "./line.js";
import { OwnTile } from "./own-tile.js";
import { OwnVoice } from "./own-voice.js";
import { Peer } from "./peer.js";
import { PersonDialog } from "./person.js";
import { VisitSocket, socketAddress } from "./socket.js";
import { SharePart } from "./share-part.js";
import { SoundGate } from "./sound-gate.js";
import { StillCamera } from "./stills.js";
import { watchSurroundings } from "./surroundings.js";
import { Tiles } from "./tiles.js";
import { toast } from "./toast.js";
import { TroubleBox } from "./trouble.js";
import { gettext, pgettext } from "./words.js";

/** @typedef {import("./types.js").VisitView} VisitView */
/** @typedef {import("./types.js").MediaTrouble} MediaTrouble */
/** @typedef {import("./socket.js").SocketState} SocketState */

/** When the path has changed, silence means that the old one is dead: a second is long for a line that lives. */
const PATH_PROBE = 1_000;

export class Room {
  #stage;
  #media;
  #handlers;
  #clock = new ServerClock();
  #awake = new Awake();
  #live = false;
  #joined = false;
  #keptIcons = false;
  /** @type {TroubleBox} */
  #trouble;
  /** @type {Peer} */
  #peer;
  /** @type {Tiles} */
  #tiles;
  /** @type {OwnTile} */
  #own;
  /** @type {OwnVoice} */
  #voice;
  /** @type {Connection} */
  #connection;
  /** @type {SharePart} */
  #share;
  /** @type {StillCamera} */
  #stills;
  /** @type {SoundGate} */
  #sound;
  #person = new PersonDialog(/** @type {HTMLDialogElement} */ (need(document, "[data-person]")));
  #unread = 0;
  /** @type {VisitView|null} */
  visit = null;
  /** @type {VisitSocket} */
  socket;
  /** @type {ChatPanel} */
  chat;
  /** @type {Controls} */
  controls;

  /**
   * @param {HTMLElement} stage
   * @param {Object} options
   * @param {string} options.path the page's own path; the socket lives below it
   * @param {import("./media.js").LocalMedia} options.media
   * @param {Record<import("./line.js").LineState, string>} options.texts
   * @param {(visit: VisitView) => void} options.onVisit
   * @param {(state: SocketState) => void} options.onSocket
   * @param {() => void} options.onLeave
   * @param {() => HTMLElement[]} [options.regions] what F6 goes round besides picture and chat
   */
  constructor(stage, { path, media, texts, onVisit, onSocket, onLeave, regions }) {
    this.#stage = stage;
    this.#media = media;
    this.#handlers = { onVisit, onSocket };
    this.socket = new VisitSocket(socketAddress(path), {
      chatSeq: () => this.chat.seq,
      onOpen: () => {
        markOnce("socket-open");
        this.#peer.resume();
      },
      onMessage: (message) => this.#receive(message),
      onState: (state) => this.#socketChanged(state),
    });
    this.#peer = new Peer((message) => this.socket.send(message), {
      onRemote: (seats) => this.#tiles.attach(seats),
      onState: (state) => this.#peerChanged(state),
    });
    this.#tiles = new Tiles(need(stage, "[data-tiles]"), need(stage, "[data-own]"), {
      onBlocked: () => this.#sound.show(true),
      around: (seat) => this.#connection.around(seat),
      onOpen: (seat, tile) => this.#openPerson(seat, tile),
    });
    this.#sound = new SoundGate(stage, () => this.#tiles.unblock());
    this.#own = new OwnTile(need(stage, "[data-own]"), need(stage, "[data-tiles]"));
    this.#voice = new OwnVoice(media, () => this.#live && this.#joined, this.#own.root);
    this.#connection = new Connection(stage, {
      texts,
      peer: this.#peer,
      people: () => ({ seats: this.visit?.seats ?? [], name: (seat) => shortName(seat, this.visit) }),
      picture: () => this.#live && media.cameraOn,
      onChange: () => this.#chatWords(this.#unread),
    });
    this.#stills = new StillCamera(
      () => (this.#live && media.cameraOn ? this.#own.video : null),
      (jpeg) => this.socket.send({ type: "still", jpeg }),
    );
    this.chat = new ChatPanel(need(stage, "[data-chat-panel]"), {
      send: (message) => this.socket.send(message),
      onUnread: (unread) => this.#chatWords(unread),
      onClose: () => this.openChat(false),
    });
    this.#share = new SharePart(stage, {
      send: (message) => this.socket.send(message),
      onTrack: (track) => this.#peer.setTrack("screen", track),
      name: (seat) => shortName(seat, this.visit),
    });
    this.controls = this.#makeControls(onLeave);
    this.#share.controls = this.controls;
    this.#trouble = new TroubleBox(need(stage, "[data-stage-trouble]"), media, () => this.controls.focus());
    this.#listen(regions ?? (() => []));
  }

  /** @param {() => void} onLeave */
  #makeControls(onLeave) {
    const options = optionsDialog(/** @type {HTMLDialogElement} */ (need(document, "[data-options]")), {
      media: this.#media,
      own: this.#own,
      onSpeaker: (id) => {
        this.#media.chooseSpeaker(id);
        this.#tiles.setSpeaker(id);
      },
      onTrouble: (trouble) => this.trouble(trouble),
    });
    return new Controls(need(this.#stage, "[data-controls]"), {
      mic: () => this.#toggle("Mic"),
      camera: () => this.#toggle("Camera"),
      share: () => this.#share.toggle(),
      chat: () => this.openChat(!this.chat.isOpen),
      more: options,
      leave: onLeave,
    });
  }

  get clock() {
    return this.#clock;
  }

  /** Connects media: for a waiting patient dark and silent, so that being called in adds only sections. */
  join() {
    if (this.#joined) return;
    this.#joined = true;
    this.refresh();
    this.#peer.connect();
    this.socket.open();
    this.#awake.keep();
  }

  /** @param {boolean} live the others see and hear from now on */
  setLive(live) {
    this.#live = live;
    this.#media.setLive(live);
    if (!live) this.#share.part();
    this.#tellMedia();
  }

  /** Hangs up. The visit goes on; the socket goes, because a reconnecting one would take the seat again. */
  leave() {
    if (this.#joined) this.socket.send({ type: "leave" });
    this.socket.close();
    this.part();
  }

  /** Lets go of media without a word to the server. */
  part() {
    this.#joined = false;
    this.#live = false;
    this.#connection.forget();
    this.#stills.stop();
    this.#share.part();
    this.#media.setLive(false);
    this.#peer.close();
    this.#tiles.clear();
    this.#awake.release();
  }

  /** Own tracks, toggles and choices changed: the page calls this from LocalMedia's onChange. */
  refresh() {
    const { micOn, cameraOn } = this.#media;
    this.#peer.setTrack("audio", this.#media.outgoing("microphone"));
    this.#peer.setTrack("camera", this.#media.outgoing("camera"));
    this.#own.show(this.#media.track("camera"), cameraOn, micOn);
    this.controls.device("mic", micOn, this.#media.choices.mic && !micOn ? pgettext("microphone", "none") : undefined);
    this.controls.device("camera", cameraOn, this.#media.choices.camera && !cameraOn ? pgettext("camera", "none") : undefined);
    this.#voice.refresh();
    this.#trouble.refresh();
    document.documentElement.dataset.mic = micOn ? "on" : "off";
    document.documentElement.dataset.camera = cameraOn ? "on" : "off";
    this.#tellMedia();
  }

  /** @param {boolean} open @param {boolean} [focus] */
  openChat(open, focus = true) {
    this.chat.toggle(open, focus);
    this.#stage.dataset.chat = open ? "open" : "closed";
    this.#chatWords(open ? 0 : this.#unread);
    if (!open && focus) this.controls.button("chat").focus();
  }

  /** Something with one's own devices failed during the call: said on the stage, the call goes on. @param {MediaTrouble} trouble */
  trouble(trouble) {
    this.#trouble.show(trouble);
  }

  /** @param {() => HTMLElement[]} regions */
  #listen(regions) {
    setInterval(() => this.#time(), 500);
    watchSurroundings({
      moved: () => this.#moved(),
      seen: () => {
        this.socket.probe();
        if (this.#joined) this.#awake.keep();
      },
    });
    const all = () => [need(this.#stage, "[data-controls]"), need(this.#stage, "[data-chat-panel]"), ...regions()];
    cycleRegions(() => all().filter((each) => each.checkVisibility()));
  }

  /** The network is another one: the old path may be dead without anybody saying so. */
  #moved() {
    this.socket.probe(PATH_PROBE);
    if (this.#joined && this.#peer.state !== "connecting") this.#peer.restart();
  }

  /** @param {import("./types.js").ServerMessage} message */
  #receive(message) {
    switch (message.type) {
      case "welcome":
        this.#clock.set(message.server_time);
        this.chat.setSeat(message.seat);
        this.chat.receive(message.chat);
        this.chat.replay();
        this.#show(message.visit);
        break;
      case "visit":
        this.#clock.set(message.visit.server_time);
        this.#show(message.visit);
        break;
      case "chat":
        this.chat.receive(message.messages);
        break;
      case "error":
        this.#refused(message);
        break;
      default:
        this.#receiveMedia(message);
    }
    document.documentElement.dataset.chatSeq = String(this.chat.seq);
  }

  /** What the relay says. @param {import("./types.js").ServerMessage} message */
  #receiveMedia(message) {
    switch (message.type) {
      case "offer":
        markOnce("first-offer");
        // What another connection was asked for does not hold for this one.
        if (!this.#peer.owns(message.connection)) this.#stills.stop();
        this.#peer.receive(message);
        break;
      case "media-state":
        if (message.state === "closed" && this.#joined) this.#peer.ended(message.connection);
        break;
      case "relay":
        this.#connection.relayChanged(message.state);
        if (message.state === "ready" && this.#joined) this.#peer.connect();
        if (message.state === "moved" && this.#joined) this.#peer.renew();
        break;
      case "rung":
        this.#connection.rung(message);
        break;
      case "figures":
        this.#connection.figures(message.seats);
        break;
      case "stills":
        if (this.#joined) this.#stills.want(message.wanted);
        break;
      case "still":
        this.#tiles.still(message.from, message.jpeg);
        break;
    }
  }

  /** @param {{code: string, message: string, about?: string, client_id?: string, connection?: string}} error */
  #refused(error) {
    if (error.about === "chat" && error.client_id && error.code !== "unavailable" && error.code !== "internal") {
      this.chat.refused(error.client_id, error.message);
      toast(error.message, { icon: "warning-circle" });
    } else if (error.about === "share") {
      this.#share.refused(error.message);
    } else if (error.about === "still") {
      return; // the next one is newer
    } else if (error.code === "removed_flood") {
      if (this.#joined) this.#peer.hold(HELD_FOR); // whichever connection it names: the one that is refused had no offer
    } else if (error.connection || error.code === "unknown_connection" || error.code === "relay_busy") {
      if (error.connection && !this.#peer.owns(error.connection)) return;
      if (error.code === "stale_offer") return; // an answer given twice, or overtaken by an offer that is on its way
      setTimeout(() => this.#joined && !["connected", "held"].includes(this.#peer.state) && this.#peer.connect(), 1_000);
    }
  }

  /** @param {VisitView} visit */
  #show(visit) {
    const mine = visit.seats.find((seat) => seat.you);
    this.visit = visit;
    this.chat.setSeat(mine?.id ?? null);
    this.#tiles.setSeats(visit.seats.filter((seat) => !seat.you));
    this.#share.show(visit.seats);
    this.#handlers.onVisit(visit);
    this.#tellMedia();
  }

  /** What the others are told is compared with what is so: a lost message heals with the next snapshot. */
  #tellMedia() {
    const mine = this.visit?.seats.find((seat) => seat.you);
    if (!mine || !this.#joined) return;
    const { micOn, cameraOn } = this.#media;
    if (mine.mic === micOn && mine.camera === cameraOn) return;
    if (this.socket.send({ type: "media", mic: micOn, camera: cameraOn })) Object.assign(mine, { mic: micOn, camera: cameraOn });
  }

  /** @param {SocketState} state */
  #socketChanged(state) {
    document.documentElement.dataset.socketState = state;
    this.#connection.socketChanged(state === "open");
    this.#handlers.onSocket(state);
  }

  /** @param {import("./peer.js").PeerState} state */
  #peerChanged(state) {
    document.documentElement.dataset.mediaState = state;
    if (state === "connected") {
      markOnce("media-connected");
      if (!this.#keptIcons) void keepIcons();
      this.#keptIcons = true;
    }
    // The socket went the same way: without it nobody can be asked for a new path.
    if (state === "disconnected") this.socket.probe(PATH_PROBE);
    this.#connection.peerChanged(state);
  }

  /** @param {import("./types.js").SeatView} seat @param {import("./remote-tile.js").RemoteTile} tile */
  #openPerson(seat, tile) {
    this.#person.open(tile, {
      name: seat.label,
      line: this.#connection.verdict(seat.id)?.words ?? "",
      pinned: this.#tiles.pinned === seat.id,
      several: this.#tiles.several,
      onPin: (pinned) => this.#tiles.pin(pinned ? seat.id : ""),
    });
  }

  #time() {
    const started = this.visit?.started_at;
    if (started) say(need(this.#stage, "[data-clock]"), stopwatch(-this.#clock.until(started)));
  }

  /** @param {number} unread */
  #chatWords(unread) {
    this.#unread = unread;
    const works = this.#connection?.state === "lost" && this.socket.state === "open";
    this.controls?.chat(this.chat.isOpen, unread, works);
  }

  /** @param {"Mic"|"Camera"} device */
  async #toggle(device) {
    const isOn = () => (device === "Mic" ? this.#media.micOn : this.#media.cameraOn);
    const trouble = await (device === "Mic" ? this.#media.setMic(!isOn()) : this.#media.setCamera(!isOn()));
    if (trouble) this.trouble(trouble);
    else this.#trouble.hide();
    if (device === "Mic") announce(isOn() ? gettext("Mic on") : gettext("Mic off"));
    else announce(isOn() ? gettext("Camera on") : gettext("Camera off"));
  }
}
