// What pages do beyond plain HTML. Every page works without it, bar drag and drop and live progress.
// It is loaded in the head, before anything is painted, so that the theme does not flash.
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const remembered = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const remember = (name, value) => { try { localStorage.setItem(name, value); } catch { /* private window: it holds for this page */ } };

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const setTheme = () => { root.dataset.bsTheme = remembered("theme") || (dark.matches ? "dark" : "light"); };
  root.classList.add("js");
  setTheme();
  dark.addEventListener("change", setTheme);

  // ---- Theme, menu, dialogs ----
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-theme-toggle],[data-open],[data-close],[data-menu]");
    if (!target) return;
    if (target.matches("[data-theme-toggle]")) {
      root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
      remember("theme", root.dataset.bsTheme);
    }
    if (target.dataset.open) $(`#${target.dataset.open}`)?.showModal();
    if (target.matches("[data-close]")) { const dialog = target.closest("dialog"); if (dialog) { event.preventDefault(); dialog.close(); } }
    if (target.matches("[data-menu]")) showMenu(!document.body.classList.contains("nav-open"));
  });
  const showMenu = (open) => {
    document.body.classList.toggle("nav-open", open);
    $("[data-menu]")?.setAttribute("aria-expanded", open);
    if (open) $(".side a, .side input")?.focus();
  };
  document.addEventListener("click", (event) => {
    if (document.body.classList.contains("nav-open") && !event.target.closest(".side,[data-menu]")) showMenu(false);
  });
  // What htmx puts into the dialog is shown at once; without JavaScript its link is a page of its own.
  document.addEventListener("htmx:afterSwap", (event) => { if (event.target.matches?.("dialog")) event.target.showModal(); });

  // ---- The file: drop it anywhere on its zone; name and size are set as text, never as HTML ----
  const sized = (bytes) => bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} KB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
  const showFile = (zone) => {
    const file = $("input[type=file]", zone)?.files[0], limit = Number(zone.dataset.limit || Infinity);
    const tooLarge = Boolean(file) && file.size > (/\.xlsx$/i.test(file.name) ? Number(zone.dataset.limitXlsx || limit) : limit);
    for (const place of $$("[data-file-name]")) place.textContent = file ? `${file.name} · ${sized(file.size)}` : place.dataset.fileName;
    for (const note of $$("[data-too-large]")) note.hidden = !tooLarge;
    zone.classList.toggle("has-file", Boolean(file));
  };
  const over = (event, on) => {
    const zone = event.target.closest?.("[data-drop]");
    if (!zone) return;
    event.preventDefault();
    zone.classList.toggle("is-over", on);
    if (event.type === "drop" && event.dataTransfer.files.length) {
      const input = $("input[type=file]", zone), one = new DataTransfer();
      one.items.add(event.dataTransfer.files[0]);
      input.files = one.files;
      showFile(zone);
    }
  };
  document.addEventListener("dragover", (event) => over(event, true));
  document.addEventListener("dragleave", (event) => over(event, false));
  document.addEventListener("drop", (event) => over(event, false));
  document.addEventListener("change", (event) => { const zone = event.target.closest("[data-drop]"); if (zone) showFile(zone); });

  // ---- A form is sent once; coming back to the page makes it usable again ----
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.getAttribute("aria-busy") === "true") { event.preventDefault(); return; }
    form.setAttribute("aria-busy", "true");
    event.submitter?.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    for (const busy of $$("[aria-busy=true]")) busy.removeAttribute("aria-busy");
    $$("[data-drop]").forEach(showFile);
  });

  // ---- Options: until the new effect has come, the button that names the old one waits ----
  const waiting = (on) => { for (const button of $$("[data-consequence]")) button.disabled = on || button.hasAttribute("data-blocked"); };
  document.addEventListener("change", (event) => { if (event.target.form?.matches("[data-refreshes]") && window.htmx) waiting(true); });
  document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.requestConfig?.elt.matches("[data-refreshes]")) waiting(false); });

  // ---- Fix queue: a row opens beside the list, or as a page where there is no room; a value chosen is an action chosen ----
  document.addEventListener("htmx:beforeRequest", (event) => {
    const link = event.detail.elt;
    if (!link.matches("[data-opens]")) return;
    if (!$(`#${link.dataset.opens}`)?.offsetParent) { event.preventDefault(); location.assign(link.href); return; }
    for (const other of $$("[data-opens][aria-current]")) { other.removeAttribute("aria-current"); other.closest("tr").classList.remove("is-sel"); }
    link.setAttribute("aria-current", "true");
    link.closest("tr").classList.add("is-sel");
  });
  const choosing = (event) => {
    const field = event.target, radio = field.form?.id === "fix-choice" && $("input[type=radio]", field.closest(".pick") || field);
    if (!radio) return;
    radio.checked = true;
    if (window.htmx) waiting(true);
  };
  document.addEventListener("input", choosing, true);
  document.addEventListener("change", choosing, true);

  // ---- Live parts: a lost connection is said, a lost session leads to sign-in ----
  const offline = (on) => {
    for (const note of $$("[data-offline]")) {
      if (on && note.hidden) $("[data-since]", note).textContent = new Date().toLocaleTimeString("en-GB");
      note.hidden = !on;
    }
  };
  const failed = (event) => { offline(true); if (event.detail.elt?.matches?.("[data-refreshes]")) event.detail.elt.submit(); };
  document.addEventListener("htmx:sendError", failed);
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:beforeSwap", (event) => {
    offline(false);
    const { xhr, pathInfo } = event.detail;
    if (xhr.responseURL && new URL(xhr.responseURL).pathname !== new URL(pathInfo.finalRequestPath, location.href).pathname) {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });
  // Progress is announced when its sentence changes (each quarter), not at every poll.
  document.addEventListener("htmx:afterSettle", () => {
    const said = $("[data-say]")?.dataset.say, live = $("#said");
    if (live && said !== undefined && live.textContent !== said) live.textContent = said;
  });

  // ---- Keys. Single ones do nothing in a field and can be switched off ----
  const keysOn = () => remembered("keys") !== "off";
  const inField = (element) => element.isContentEditable || /^(input|select|textarea)$/i.test(element.tagName) && !/^(checkbox|radio|button|submit)$/.test(element.type);
  let afterG = false;
  const rows = () => $$("[data-rows] tbody tr:not(.grp)");
  const moveRow = (by) => {
    const all = rows(), at = all.indexOf(document.activeElement.closest("tr"));
    const next = all[Math.min(all.length - 1, Math.max(0, at + by))];
    $("a, input, button", next || document.body)?.focus();
  };
  // A decision sends the page; when it comes back, the next row has the focus.
  const decide = (selector) => {
    const row = document.activeElement.closest("tr"), button = row && $(selector, row);
    if (button) { try { sessionStorage.setItem("row", rows().indexOf(row) + 1); } catch { /* then J finds it */ } button.click(); }
  };
  addEventListener("load", () => {
    try { const next = sessionStorage.getItem("row"); sessionStorage.removeItem("row"); if (next) moveRow(Number(next) + 1); } catch { /* as above */ }
  });
  const inRow = (selector) => { const row = document.activeElement.closest("tr"); if (row) $(selector, row)?.click(); };
  const enter = (field) => { field?.focus(); field?.select?.(); };
  const actions = {
    "/": () => $("#find")?.focus(), "?": () => $("#keys")?.showModal(),
    j: () => moveRow(1), k: () => moveRow(-1), x: () => inRow("input[type=checkbox]"),
    y: () => decide("[data-accept]"), n: () => decide("[data-skip]"),
  };
  document.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (key === "escape") { if (event.target.form?.id === "fix-choice") event.target.blur(); return showMenu(false); }
    if (key === "enter" && (event.ctrlKey || event.metaKey) && !$("dialog[open]")) { const button = $("[data-do]"); if (button && !button.disabled) { event.preventDefault(); button.click(); } return; }
    if (key === "k" && (event.ctrlKey || event.metaKey)) { const find = $("#find"); if (find) { event.preventDefault(); showMenu(true); find.focus(); find.select(); } return; }
    if (event.ctrlKey || event.metaKey || event.altKey || !keysOn() || inField(event.target) || $("dialog[open]")) return;
    const link = afterG ? $(`[data-go="${CSS.escape(key)}"]`) : $(`[data-key="${CSS.escape(key)}"]`);
    const act = afterG ? null : actions[key];
    afterG = key === "g" && !afterG;
    if (link || act) { event.preventDefault(); if (link) { link.click(); enter($("select, input:not([type=radio])", link.closest(".pick") || link)); } else act(); }
  });
  document.addEventListener("DOMContentLoaded", () => {
    const choice = $("#keys-on");
    if (choice) { choice.checked = keysOn(); choice.addEventListener("change", () => remember("keys", choice.checked ? "on" : "off")); }
  });
})();
