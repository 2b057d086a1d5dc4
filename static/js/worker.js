/**
 * What stands by in the browser when no page is open. It shows what the clinic sends and opens the visit's page when that
 * is pressed; and where a page cannot be reached it says so, by the one answer that it keeps: /offline/, which tells of
 * nobody. It keeps nothing else, and touches no request but the opening of a page.
 * Served from /worker.js, for the whole house, and from /v/push-worker.js to who was told of their visit by that.
 */

const worker = /** @type {any} */ (self);
const PAGE = "/offline/";
const KEEP = "housecall";
const USUAL = { title: "Your visit", body: "Open the page of your visit." };

/**
 * What was sent, or the usual words: a browser wants to see every message shown.
 * @param {{json: () => any}|null} data
 */
function told(data) {
  try {
    const { title, body, tag, url } = data?.json() ?? {};
    if (typeof title !== "string" || typeof body !== "string") return USUAL;
    return { title, body, tag: typeof tag === "string" ? tag : undefined, url };
  } catch {
    return USUAL;
  }
}

/**
 * A page of this house, by its path; anything else is none.
 * @param {unknown} url
 */
function pageOf(url) {
  if (typeof url !== "string" || !url.startsWith("/")) return null;
  const address = new URL(url, worker.location.origin);
  return address.origin === worker.location.origin ? address.pathname : null;
}

/** @param {string} path */
async function comeTo(path) {
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = windows.find((/** @type {any} */ each) => new URL(each.url).pathname === path);
  await (there ? there.focus() : worker.clients.openWindow(path));
}

/** Put into the place of what was kept before. */
async function keepPage() {
  const answer = await fetch(PAGE, { cache: "reload", redirect: "error" });
  if (answer.ok) await (await worker.caches.open(KEEP)).put(PAGE, answer);
}

/** @returns {Promise<Response|undefined>} */
async function kept() {
  return (await worker.caches.open(KEEP)).match(PAGE, { ignoreVary: true });
}

/**
 * Whoever chose another language reads the kept page in it, too.
 * @param {Response} answer
 */
async function keepInLanguageOf(answer) {
  const language = answer.headers.get("Content-Language");
  if (language && (await kept())?.headers.get("Content-Language") !== language) await keepPage();
}

/**
 * The browser has asked already while this script was being started. In Firefox what failed then is an answer, too.
 * @param {any} event
 * @returns {Promise<Response>}
 */
async function fromTheHouse(event) {
  const early = await event.preloadResponse;
  if (early?.type === "error") throw new TypeError("out of reach");
  return early ?? fetch(event.request);
}

// Without the page this still has notices to show; the page is kept later then, at the next that is opened.
worker.addEventListener("install", (/** @type {any} */ event) => {
  worker.skipWaiting();
  event.waitUntil(keepPage().catch(() => {}));
});
worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil(worker.registration.navigationPreload?.enable());
});
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  if (event.request.mode !== "navigate" || event.request.method !== "GET") return;
  const answer = fromTheHouse(event);
  event.respondWith(answer.catch(async (error) => {
    const page = await kept();
    if (page) return page;
    throw error;
  }));
  event.waitUntil(answer.then(keepInLanguageOf).catch(() => {}));
});
worker.addEventListener("push", (/** @type {any} */ event) => {
  const { title, body, tag, url } = /** @type {any} */ (told(event.data));
  event.waitUntil(
    worker.registration.showNotification(title, { body, tag, renotify: Boolean(tag), data: { page: pageOf(url) }, lang: "" }),
  );
});
worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  const path = event.notification.data?.page;
  event.waitUntil(comeTo(path ?? "/"));
});
