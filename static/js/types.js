/** Shapes of what travels on the visit socket (docs/signaling.md) and between modules. Types only, no code. */

/**
 * @typedef {Object} SeatView
 * @property {string} id
 * @property {string} label
 * @property {string} role
 * @property {boolean} you
 * @property {boolean} connected
 * @property {boolean} mic
 * @property {boolean} camera
 * @property {boolean} [screen] shares a screen now
 * @property {string} face
 */

/**
 * @typedef {Object} VisitView
 * @property {string} id
 * @property {number} version
 * @property {"planned"|"arrived"|"in-progress"|"onleave"|"finished"|"cancelled"} status
 * @property {"early"|"open"|"late"|"waiting"|"call"|"hold"|"ended"|"cancelled"} state
 * @property {string} server_time
 * @property {string} opens_at
 * @property {string} starts_at
 * @property {string} told changes when an open page would tell an old time, person or lateness; empty when the visit is over
 * @property {string|null} started_at
 * @property {{name: string, short_name: string, face: string}} practitioner
 * @property {{name: string, given_name: string, face: string}} patient
 * @property {{here: number, of: number}|null} [group] how many of how many patients have come; nothing at a visit for one
 * @property {{position: number|null, waiting: number, now: boolean}} line
 * @property {WaitView|null} wait for a patient who waits
 * @property {{seq: number, unread: number, open: boolean}|null} [desk] for a patient: how far the thread with the front desk has come
 * @property {{minutes: number, callback: null|"asked"|"called", lost: boolean}|null} [kept] for a patient: whether the place in line is kept
 * @property {SeatView[]} seats
 * @property {{words: string, alone: boolean}} [company] for the practitioner: with whom the patient is, or a child alone
 * @property {RecordingView|null} [recording] nothing where this house does not record
 */

/**
 * The wait as a range that holds for 8 of 10; no numbers where nobody can tell, and `standing` says why.
 * @typedef {{low_s: number|null, high_s: number|null, standing: "going"|"not-begun"|"away"|"long"|"gone"|"shared", late_minutes: number}} WaitView
 */

/**
 * The recording as one person of the visit may know it.
 * @typedef {Object} RecordingView
 * @property {"none"|"requested"|"waiting"|"recording"|"paused"|"finishing"|"ready"|"failed"|"erased"} state
 * @property {boolean} on bytes reach the disk now
 * @property {number} agreed
 * @property {number} of
 * @property {Answer} mine
 * @property {boolean} asked this person is to be asked now
 * @property {string|null} erasable the recording in which something of this person lies
 * @property {string|null} problem
 * @property {string|null} until instant of the last byte that is safe
 * @property {boolean} may_start
 * @property {string[]} [plays] recordings of this visit that this person can play
 * @property {string|null} since
 * @property {{seat: string, answer: Answer}[]} [people] for the practitioner
 *
 * @typedef {"unasked"|"permit"|"deny"} Answer what somebody said about being recorded
 */

/**
 * @typedef {Object} ChatMessage
 * @property {number} seq
 * @property {string|null} seat
 * @property {string} author
 * @property {string} body
 * @property {string} sent_at
 * @property {string} client_id
 */

/**
 * @typedef {Object} OfferMessage
 * @property {"offer"} type
 * @property {string} connection
 * @property {number} offer
 * @property {string} sdp
 * @property {{audio?: string, camera?: string, screen?: string}} up
 * @property {{mid: string, seat: string, kind: "audio"|"camera"|"screen"}[]} down
 * @property {RTCIceServer[]} [ice_servers]
 */

/**
 * @typedef {Object} WelcomeMessage
 * @property {"welcome"} type
 * @property {number} protocol
 * @property {string} server_time
 * @property {string} seat
 * @property {string} tab
 * @property {number} ping_every
 * @property {VisitView} visit
 * @property {ChatMessage[]} chat
 */

/**
 * @typedef {WelcomeMessage
 *   | OfferMessage
 *   | {type: "visit", visit: VisitView}
 *   | {type: "media-state", connection: string, state: "connected"|"away"|"closed"}
 *   | {type: "relay", state: "ready"|"lost"|"moved"}
 *   | {type: "rung", about: string, rung: Rung, why: Why}
 *   | {type: "stills", wanted: boolean}
 *   | {type: "still", from: string, jpeg: string}
 *   | {type: "figures", seats: Figure[]}
 *   | {type: "chat", messages: ChatMessage[]}
 *   | {type: "ping", n: number}
 *   | {type: "pong", n: number, server_time: string}
 *   | {type: "seat-taken"}
 *   | {type: "error", code: string, message: string, about?: string}} ServerMessage
 */

/**
 * How much of the pictures a seat still gets; the sound always goes on.
 * @typedef {"full"|"low-rate"|"stills"|"audio"} Rung
 * @typedef {"loss"|"bandwidth"|"recovered"} Why
 */

/**
 * What the relay measures about one seat; null where it cannot know.
 * @typedef {Object} Figure
 * @property {string} seat
 * @property {number|null} up_kbps
 * @property {number|null} up_loss_pct
 * @property {number|null} down_kbps
 * @property {number|null} down_loss_pct
 * @property {number|null} rtt_ms
 * @property {Rung} rung
 */

/**
 * What a person reads when a device fails: one plain sentence and one thing to do.
 * @typedef {Object} MediaTrouble
 * @property {string} code
 * @property {string} tag
 * @property {string} title
 * @property {string} message
 * @property {string} inside the same sentence for who is in the visit already
 * @property {"try-again"|"switch-on"|"open-settings"|"look-for-question"|"check-picture"|"other-browser"} action
 * @property {"camera"|"microphone"|"both"} device
 * @property {string} desk what to say to the desk on the phone
 */

/**
 * The receivers of one other seat.
 * @typedef {{audio?: RTCRtpReceiver, camera?: RTCRtpReceiver, screen?: RTCRtpReceiver}} RemoteSeat
 */

export {};
