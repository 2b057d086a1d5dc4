/**
 * Shows what the clinic sends to this browser, and opens the visit's page when it is pressed. It keeps no page and
 * answers no request. Served from /v/push-worker.js: it is in charge of the pages of personal links.
 */

const worker = /** @type {any} */ (self);
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

worker.addEventListener("install", () => worker.skipWaiting());
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
