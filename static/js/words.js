/**
 * The words of the page in the reader's language, from Django's own catalogue (`/words/...`, which base.html loads
 * before any module). A page in English loads none: the words in the code are the English ones.
 */

/** @returns {any} what the catalogue's script has left, or nothing */
const catalogue = () => /** @type {any} */ (globalThis).django;

/**
 * @param {string} text
 * @returns {string}
 */
export function gettext(text) {
  return catalogue()?.gettext?.(text) ?? text;
}

/**
 * @param {string} one
 * @param {string} many
 * @param {number} count
 * @returns {string}
 */
export function ngettext(one, many, count) {
  return catalogue()?.ngettext?.(one, many, count) ?? (count === 1 ? one : many);
}

/**
 * The same English word that is two in another language: the context tells which.
 * @param {string} context
 * @param {string} text
 * @returns {string}
 */
export function pgettext(context, text) {
  return catalogue()?.pgettext?.(context, text) ?? text;
}

/**
 * Fills in what is named: interpolate(gettext("%(name)s waits."), { name }).
 * @param {string} text
 * @param {Record<string, string|number>} values
 * @returns {string}
 */
export function interpolate(text, values) {
  return text.replace(/%\((\w+)\)s|%%/g, (whole, name) => (name === undefined ? "%" : String(values[name] ?? whole)));
}

/** The language of the page, for `Intl`: "en", "es". */
export function language() {
  return globalThis.document?.documentElement.lang || "en";
}

/** The same, where English is written in one way of several. @param {string} english "en-GB", "en-US" */
export function locale(english) {
  return language().startsWith("en") ? english : language();
}
