/**
 * A personal link that is opened once more, where its session lives already: the secret leaves the address and is posted,
 * so that what asks for a fresh proof of who it is has one. The page goes on as it is. First opening: opening.js.
 */

import { need, say } from "./dom.js";
import { busyButton, post } from "./forms.js";
import { gettext } from "./words.js";

// What scheduling/links.py makes; everything else after # is an ordinary anchor.
const SECRET = /^#([\w-]{43})$/;

/** @returns {string} the secret, gone from the address by then; empty when there is none */
function take() {
  const found = SECRET.exec(location.hash)?.[1] ?? "";
  if (!found) return "";
  // An entry that came by a new fragment knows no step: it is the one that is shown.
  const step = document.documentElement.dataset.visitState;
  history.replaceState(history.state ?? (step ? { step } : null), "", location.pathname + location.search);
  return found;
}

const told = need(document, "[data-open-again]");
const failed = need(told, "[data-open-again-failed]");
const again = /** @type {HTMLButtonElement} */ (need(failed, "button"));
let secret = "";

async function prove() {
  const form = /** @type {HTMLFormElement} */ (need(document, "[data-open-form]"));
  const data = new FormData(form);
  data.set("secret", secret);
  const { error } = await post(form.action, data);
  // Where there is something to play, what was proven is good for something; elsewhere nobody has asked for it.
  const isAsked = document.querySelector("[data-plays]") !== null;
  failed.hidden = !error;
  need(told, "[data-open-again-done]").hidden = Boolean(error) || !isAsked;
  told.hidden = !error && !isAsked;
  if (error) {
    say(need(failed, "[data-open-again-words]"), WORDS[error.code] ?? error.message);
    again.hidden = error.code === "not_found";
  }
  document.documentElement.dataset.linkOpened = error ? "refused" : "again";
}

/** @type {Record<string, string>} a page is there: what cannot be found is the link */
const WORDS = {
  not_found: gettext("This link does not work any more. Open the link in our latest message, or call the desk."),
  offline: gettext("We could not check your link: we cannot reach the clinic just now. Check your connection, then press Try again."),
};

again.addEventListener("click", async () => {
  if (again.getAttribute("aria-busy")) return;
  const release = busyButton(again);
  await prove();
  release();
});

function look() {
  const found = take();
  if (!found) return false;
  secret = found;
  void prove();
  return true;
}

look();
// The link pasted into the tab that shows its page loads nothing: only the fragment changes. Heard before the steps hear it.
addEventListener("popstate", (event) => {
  if (look()) event.stopImmediatePropagation();
});
