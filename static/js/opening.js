/** Entry of the page that turns a personal link into a session: the secret leaves the address and is posted, nothing else. */

import { need } from "./dom.js";
import { post } from "./forms.js";

const form = /** @type {HTMLFormElement} */ (need(document, "[data-open-form]"));
const opening = need(document, "[data-opening]");
const failed = need(document, "[data-open-failed]");
const offline = need(document, "[data-open-offline]");
/** Only where the server has found out that the page stands inside another app. */
const inside = /** @type {HTMLElement|null} */ (document.querySelector("[data-open-inside]"));

/** @param {HTMLElement} shown */
function show(shown) {
  for (const each of [opening, failed, offline, inside]) if (each) each.hidden = each !== shown;
  const heading = shown.querySelector("h1");
  if (shown !== opening && heading) heading.focus();
  document.title = shown.dataset.title ?? document.title;
  document.documentElement.dataset.visitState = shown === opening ? "opening" : shown === failed ? "not-found" : shown === inside ? "inside" : "offline";
}

const secret = location.hash.slice(1);

async function open() {
  show(opening);
  const data = new FormData(form);
  data.set("secret", secret);
  const answer = await post(form.action, data);
  if (answer.error?.code === "offline") {
    show(offline);
  } else if (answer.error) {
    history.replaceState(null, "", location.pathname);
    show(failed);
  } else {
    if (inside || !navigator.mediaDevices?.getUserMedia) (await import("./way-out.js")).keepLink(location.href);
    // Before anything else is loaded: no history entry, no copied address keeps the secret.
    history.replaceState(null, "", location.pathname + location.search);
    location.reload();
  }
}

/** The address keeps its secret while this is shown: the app's own "Open in browser" takes it along. @param {HTMLElement} section */
async function lead(section) {
  show(section);
  need(section, "[data-open-here]").addEventListener("click", open);
  const { showWayOut } = await import("./way-out.js");
  const way = need(section, "[data-way-out]");
  showWayOut(way, location.href, way.dataset.system ?? "");
}

need(offline, "button").addEventListener("click", open);
if (secret && inside) void lead(inside);
else if (secret) open();
else show(failed);
