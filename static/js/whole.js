// Says so when a script of this page did not arrive: without it buttons would be dead. Loaded in <head>, not as a module.
(() => {
  "use strict";

  let isMissing = false;

  function tell() {
    const box = document.querySelector("[data-not-whole]");
    if (box instanceof HTMLElement && isMissing) box.hidden = false;
  }

  // Errors of loading do not bubble; a module that lacks one of its imports fails as a whole, here.
  window.addEventListener(
    "error",
    (event) => {
      if (!(event.target instanceof HTMLScriptElement)) return;
      isMissing = true;
      tell();
    },
    true,
  );
  document.addEventListener("DOMContentLoaded", tell);
})();
