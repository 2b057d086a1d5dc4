/** Sends a form by fetch and shows what came back: the next step, or an error summary with one link per field. */

import { icon, make } from "./dom.js";
import { gettext, interpolate, ngettext } from "./words.js";

/** @typedef {{ok?: boolean, next?: string, error?: {code: string, message: string, fields?: Record<string, string>, token?: string}} & Record<string, unknown>} Answer */

const TOKEN = "csrfmiddlewaretoken";
/** Codes after which the words on this page are old ones: only loading them again helps. */
const STALE = new Set(["consent.text_changed", "consent.text_unknown", "consent.asked_for_another"]);

/** @param {string} code */
export function isStale(code) {
  return STALE.has(code);
}

/**
 * @param {HTMLFormElement} form
 * @param {(answer: Answer) => void} onDone
 */
export function enhance(form, onDone) {
  form.noValidate = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.dataset.busy) return;
    clearErrors(form);
    const missing = missingFields(form);
    if (Object.keys(missing).length) {
      showErrors(form, { code: "invalid", message: "", fields: missing });
      return;
    }
    const release = busy(form);
    const answer = await post(form.action, new FormData(form));
    release();
    if (answer.error) showErrors(form, answer.error);
    else onDone(answer);
  });
}

/**
 * Empty fields are found here, in the server's own words; everything else is the server's to judge.
 * @param {HTMLFormElement} form
 * @returns {Record<string, string>}
 */
function missingFields(form) {
  /** @type {Record<string, string>} */
  const missing = {};
  for (const input of form.querySelectorAll("[data-required]")) {
    if (!(input instanceof HTMLInputElement)) continue;
    const filled = isFilled(form, input);
    if (!filled) missing[input.name] = input.dataset.required ?? "";
  }
  return missing;
}

/** @param {HTMLFormElement} form @param {HTMLInputElement} input of a choice the first one speaks for all */
function isFilled(form, input) {
  if (input.type === "radio") return new FormData(form).has(input.name);
  return input.type === "checkbox" ? input.checked : input.value.trim() !== "";
}

/**
 * A sign-in in another tab gives the browser a new CSRF token; the form is then repeated once, with the one the server names.
 * @param {string} address
 * @param {FormData} data must hold the CSRF token
 * @returns {Promise<Answer>}
 */
export async function post(address, data) {
  const answer = await send(address, data);
  const fresh = answer.error?.code === "stale_form" ? answer.error.token : "";
  if (!fresh) return answer;
  data.set(TOKEN, fresh);
  // For the forms that are sent without us later on.
  for (const input of document.querySelectorAll(`input[name=${TOKEN}]`)) /** @type {HTMLInputElement} */ (input).value = fresh;
  return send(address, data);
}

/**
 * @param {string} address
 * @param {FormData} data
 * @returns {Promise<Answer>}
 */
async function send(address, data) {
  try {
    const response = await fetch(address, {
      method: "POST",
      body: data,
      headers: { Accept: "application/json", "X-CSRFToken": String(data.get(TOKEN) ?? "") },
      credentials: "same-origin",
    });
    if (response.status === 204) return { ok: true };
    const answer = await response.json().catch(() => null);
    if (answer && typeof answer === "object") return answer;
    return { error: { code: `http.${response.status}`, message: gettext("That did not work. Please try again.") } };
  } catch {
    return { error: { code: "offline", message: gettext("We cannot reach the clinic just now. Check your connection, then try again.") } };
  }
}

/**
 * @param {HTMLFormElement} form
 * @returns {() => void}
 */
function busy(form) {
  const button = /** @type {HTMLButtonElement|null} */ (form.querySelector("[type=submit]"));
  form.dataset.busy = "yes";
  const release = button ? busyButton(button) : () => {};
  return () => {
    delete form.dataset.busy;
    release();
  };
}

/**
 * The button keeps its width and says its "-ing" word; who calls this ignores more presses.
 * @param {HTMLButtonElement} button
 * @returns {() => void} makes it as it was
 */
export function busyButton(button) {
  const before = [...button.childNodes];
  const arrows = icon("circle-notch", "bold");
  arrows.classList.add("icon-turning");
  button.style.minWidth = `${button.offsetWidth}px`;
  button.setAttribute("aria-busy", "true");
  button.replaceChildren(arrows, button.dataset.busy ?? gettext("Working"));
  return () => {
    button.removeAttribute("aria-busy");
    button.style.minWidth = "";
    button.replaceChildren(...before);
  };
}

/** What a title begins with while something is to be put right. */
function errorMark() {
  const word = gettext("Error:");
  return `${word} `;
}

/** @param {HTMLFormElement} form */
function clearErrors(form) {
  form.parentElement?.querySelectorAll(".hc-error-summary").forEach((each) => each.remove());
  form.querySelectorAll(".hc-field-error").forEach((each) => each.remove());
  form.querySelectorAll("[aria-invalid]").forEach((each) => {
    each.removeAttribute("aria-invalid");
    const kept = (each.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => !id.endsWith("-error"));
    each.setAttribute("aria-describedby", kept.join(" "));
  });
  const mark = errorMark();
  if (document.title.startsWith(mark)) document.title = document.title.slice(mark.length);
}

/** @param {HTMLFormElement} form @param {NonNullable<Answer["error"]>} error */
function showErrors(form, error) {
  const fields = Object.entries(error.fields ?? {});
  const list = make("ul");
  for (const [name, text] of fields) {
    const input = form.querySelector(`[name="${CSS.escape(name)}"]`);
    if (!input) continue;
    const link = make("a", { href: `#${input.id}` }, text);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      if (input instanceof HTMLElement) input.focus();
    });
    list.append(make("li", {}, link));
    markField(input, text);
  }
  const count = list.children.length;
  const things = interpolate(ngettext("There is %(count)s thing to put right", "There are %(count)s things to put right", count), { count });
  const title = count === 0 ? error.message : things;
  const words = make("div", {}, make("h2", {}, title), ...(count ? [list] : []), isStale(error.code) ? loadsAnew() : null);
  const summary = make("div", { class: "hc-error-summary", role: "alert", tabindex: "-1" }, icon("warning-circle", "fill"), words);
  form.parentElement?.prepend(summary);
  if (!document.title.startsWith(errorMark())) document.title = `${errorMark()}${document.title}`;
  summary.focus();
}

function loadsAnew() {
  const button = make("button", { class: "hc-btn hc-btn-link", type: "button" }, gettext("Load the new words"));
  button.addEventListener("click", () => location.reload());
  return button;
}

/** @param {Element} input @param {string} text */
function markField(input, text) {
  const group = input.closest("[role=radiogroup]");
  const id = `${input.id}-error`;
  const line = make("p", { class: "hc-field-error", id }, icon("warning-circle", "fill"), text);
  const box = group?.querySelector(".hc-choices") ?? input.closest(".hc-choice") ?? input;
  box.before(line);
  const said = group ?? input;
  said.setAttribute("aria-invalid", "true");
  said.setAttribute("aria-describedby", `${said.getAttribute("aria-describedby") ?? ""} ${id}`.trim());
}
