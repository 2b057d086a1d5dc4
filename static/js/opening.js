/** Entry of the page that turns a personal link into a session: the secret leaves the address and is posted, nothing else. */

import { need } from "./dom.js";
import { post } from "./forms.js";

const form = /** @type {HTMLFormElement} */ (need(document, "[data-open-form]"));
const opening = need(document, "[data-opening]");
const failed = need(document, "[data-open-failed]");
const offline = need(document, "[data-open-offline]");

/** @param {HTMLElement} shown */
function show(shown) {
  for (const each of [opening, failed, offline]) each.hidden = each !== shown;
  const heading = shown.querySelector("h1");
  if (shown !== opening && heading) heading.focus();
  document.title = shown.dataset.title ?? document.title;
  document.documentElement.dataset.visitState = shown === opening ? "opening" : shown === failed ? "not-found" : "offline";
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
    // Before anything else is loaded: no history entry, no copied address keeps the secret.
    history.replaceState(null, "", location.pathname + location.search);
    location.reload();
  }
}

need(offline, "button").addEventListener("click", open);
if (secret) open();
else show(failed);
