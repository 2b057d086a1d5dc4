// Light or dark: set before the first paint, from this browser"s choice or the device. Loaded in <head>, not as a module.
(() => {
  "use strict";

  const KEY = "housecall.theme";
  const device = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      const stored = window.localStorage.getItem(KEY);
      return stored === "light" || stored === "dark" ? stored : "device";
    } catch {
      return "device"; // storage may be closed to us; the device decides then
    }
  }

  function apply() {
    const choice = chosen();
    const theme = choice === "device" ? (device.matches ? "dark" : "light") : choice;
    document.documentElement.dataset.bsTheme = theme;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
    }
  }

  function choose(choice) {
    try {
      if (choice === "device") window.localStorage.removeItem(KEY);
      else window.localStorage.setItem(KEY, choice);
    } catch {
      document.documentElement.dataset.bsTheme = choice === "device" ? (device.matches ? "dark" : "light") : choice;
      return;
    }
    apply();
  }

  apply();
  device.addEventListener("change", apply);
  window.addEventListener("storage", (event) => {
    if (event.key === KEY) apply();
  });
  document.addEventListener("DOMContentLoaded", () => {
    for (const part of document.querySelectorAll("[data-theme-switch]")) part.hidden = false;
    apply();
  });
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-theme-choice]") : null;
    if (button) choose(button.dataset.themeChoice);
  });
})();
