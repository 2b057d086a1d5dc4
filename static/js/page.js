/**
 * What every page shares: buttons that answer at once, copy buttons, menus, dialogs, focus on the error summary.
 * A page works without it; it only makes the answer quicker to see.
 */
import { icon } from "./dom.js";
import { gettext } from "./words.js";

/** @type {WeakMap<HTMLElement, Node[]>} what a busy button showed before */
const idle = new WeakMap();
/** @type {WeakMap<HTMLElement, number>} */
const copyTimers = new WeakMap();

/**
 * Keeps the button's width, shows its "-ing" word and ignores every further press until the page goes.
 * @param {HTMLElement} button
 */
export function makeBusy(button) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.style.minWidth = `${button.offsetWidth}px`;
  idle.set(button, [...button.childNodes]);
  button.setAttribute("aria-busy", "true");
  const arrows = icon("circle-notch", "bold");
  arrows.classList.add("icon-turning");
  button.replaceChildren(arrows, button.dataset.busy ?? gettext("Working"));
}

/** @param {HTMLElement} button */
export function endBusy(button) {
  if (button.getAttribute("aria-busy") !== "true") return;
  button.replaceChildren(...(idle.get(button) ?? []));
  button.removeAttribute("aria-busy");
  button.style.minWidth = "";
}

/** @param {SubmitEvent} event */
function onSubmit(event) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || event.defaultPrevented) return;
  if (form.dataset.sent === "yes") {
    event.preventDefault();
    return;
  }
  const button = event.submitter ?? form.querySelector("button[type=submit]");
  if (!(button instanceof HTMLElement) || !button.dataset.busy) return;
  form.dataset.sent = "yes";
  makeBusy(button);
}

/**
 * Coming back by the browser's Back button shows the old page again: its buttons must work again.
 * @param {PageTransitionEvent} event
 */
function onPageShow(event) {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) form.removeAttribute("data-sent");
  for (const button of document.querySelectorAll("[aria-busy=true]")) {
    if (button instanceof HTMLElement) endBusy(button);
  }
}

/** @param {HTMLElement} button */
async function copy(button) {
  const field = document.getElementById(button.dataset.copy ?? "");
  const word = button.querySelector("[data-copy-word]");
  const said = document.getElementById(`${button.dataset.copy}-said`);
  if (!(field instanceof HTMLInputElement) || !word) return;
  let answer = gettext("Copied");
  let told = gettext("The link is copied.");
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    field.focus();
    field.select();
    // The link is selected; some browsers keep the clipboard closed.
    answer = gettext("Press Ctrl+C");
    told = gettext("The link is selected. Press Ctrl and C.");
  }
  word.textContent = answer;
  if (said) said.textContent = told;
  window.clearTimeout(copyTimers.get(button));
  copyTimers.set(
    button,
    window.setTimeout(() => {
      word.textContent = gettext("Copy link");
      if (said) said.textContent = "";
    }, 4000),
  );
}

/** @param {MouseEvent} event */
function onClick(event) {
  const target = event.target instanceof Element ? event.target : null;
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(target)) menu.removeAttribute("open");
  }
  if (target?.closest("[aria-disabled=true]")) {
    event.preventDefault();
    return;
  }
  const copier = target?.closest("button[data-copy]");
  if (copier instanceof HTMLElement) void copy(copier);
  const opener = target?.closest("[data-opens]");
  const dialog = opener instanceof HTMLElement ? document.getElementById(opener.dataset.opens ?? "") : null;
  if (dialog instanceof HTMLDialogElement) {
    event.preventDefault();
    dialog.showModal();
  }
  if (target?.closest("[data-closes]")) target.closest("dialog")?.close();
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details[data-menu][open]");
  if (!menu) return;
  menu.removeAttribute("open");
  menu.querySelector("summary")?.focus();
}

/** Has the script that stands by (worker.js) installed, once everything else of this page is done; a page does without. */
async function standBy() {
  try {
    await navigator.serviceWorker.register("/worker.js");
  } catch {
    // Storage may be closed to us, or the certificate be signed by nobody.
  }
}

function standBySoon() {
  window.setTimeout(() => {
    if ("requestIdleCallback" in window) window.requestIdleCallback(() => void standBy());
    else void standBy();
  }, 2000);
}

document.addEventListener("submit", onSubmit);
document.addEventListener("click", onClick);
document.addEventListener("keydown", onKey);
window.addEventListener("pageshow", onPageShow);

const first = document.querySelector("[data-focus]");
if (first instanceof HTMLElement) first.focus();

if (window.isSecureContext && "serviceWorker" in navigator) {
  if (document.readyState === "complete") standBySoon();
  else window.addEventListener("load", standBySoon, { once: true });
}
