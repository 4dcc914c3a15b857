// What pages do beyond plain HTML. Every page works without it, bar drag and drop and live progress.
// It is loaded in the head, before anything is painted, so that what needs it does not flash.
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  root.classList.add("js");

  // ---- Theme, menu, dialogs, toasts ----
  const isDark = () => root.dataset.bsTheme === "dark" || root.dataset.bsTheme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches;
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-theme-toggle],[data-open],[data-close],[data-menu],[data-dialog],[data-dismiss],[data-again],[data-back]");
    if (!target) return;
    if (target.matches("[data-theme-toggle]")) {
      target.value = isDark() ? "light" : "dark";
      root.dataset.bsTheme = target.value; // at once; the form keeps it
    }
    if (target.dataset.dialog && window.htmx) { event.preventDefault(); window.htmx.ajax("GET", target.dataset.dialog, "#dialog"); $(".dot", target)?.remove(); }
    if (target.matches("[data-again]")) { event.preventDefault(); location.reload(); }
    if (target.matches("[data-back]") && history.length > 1) { event.preventDefault(); history.back(); }
    if (target.matches("[data-dismiss]")) target.closest(".toast-x")?.remove();
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
  // Who fills in something begins there, not at the cross that closes.
  document.addEventListener("htmx:afterSwap", (event) => {
    const dialog = event.target;
    if (!dialog.matches?.("dialog")) return;
    dialog.showModal();
    if (!$("[autofocus]", dialog)) $("input:not([type=hidden], [type=radio], [type=checkbox]), select, textarea", dialog)?.focus();
  });

  // A toast that has faded is gone; until then pointer and focus hold it (app.css).
  document.addEventListener("animationend", (event) => { if (event.animationName === "toast-out") event.target.remove(); });

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

  // ---- What is chosen on the profile shows at once ----
  document.addEventListener("change", (event) => {
    const { name, value, checked } = event.target;
    if (!event.target.form?.matches("[data-prefers]")) return;
    if (name === "theme") root.dataset.bsTheme = value;
    if (name === "density") root.dataset.density = value;
    if (name === "single_keys") root.dataset.keys = checked ? "on" : "off";
  });

  // ---- The token of the cookie goes with each form, so that signing in again elsewhere spoils no page ----
  const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  document.addEventListener("submit", (event) => {
    const field = event.target.elements?.csrfmiddlewaretoken;
    if (field && token()) field.value = token();
  }, true);
  document.addEventListener("htmx:configRequest", (event) => { if (token() && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token(); });

  // ---- A form is sent once; coming back to the page makes it usable again ----
  const bringsFile = ({ target, submitter }) => target.matches("[data-download]") || submitter?.matches("[data-download]");
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.matches("[hx-post], [data-session]")) return;
    // What comes is a file, and the page stays: nothing would make the form usable again.
    if (bringsFile(event)) { form.closest("dialog")?.close(); return; }
    if (form.getAttribute("aria-busy") === "true") { event.preventDefault(); return; }
    form.setAttribute("aria-busy", "true");
    event.submitter?.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    for (const busy of $$("[aria-busy=true]")) busy.removeAttribute("aria-busy");
    $$("[data-drop]").forEach(showFile);
    waiting(false); // without scripts a blocked button can be pressed, and the answer says what is missing
  });

  // ---- Options: until the new effect has come, the button that names the old one waits ----
  const waiting = (on) => { for (const button of $$("[data-consequence]")) button.disabled = on || button.hasAttribute("data-blocked"); };
  document.addEventListener("change", (event) => { if (event.target.form?.matches("[data-refreshes]:not([data-by-input])") && !event.target.matches("textarea") && window.htmx) waiting(true); });
  // Where typing counts, leaving the field is no change: the click that leaves it must not be lost.
  document.addEventListener("input", (event) => { if (event.target.form?.matches("[data-by-input]") && window.htmx) waiting(true); });
  document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.requestConfig?.elt.matches("[data-refreshes]")) waiting(false); });

  // ---- Fix queue: a row opens beside the list, or as a page where there is no room; a value chosen is an action chosen ----
  document.addEventListener("htmx:beforeRequest", (event) => {
    const link = event.detail.elt;
    if (!link.matches("[data-opens]")) return;
    if (!$(`#${link.dataset.opens}`)?.offsetParent) { event.preventDefault(); location.assign(link.href); return; }
    if (link.hasAttribute("aria-current")) { event.preventDefault(); return; }
    for (const other of $$("[data-opens][aria-current]")) { other.removeAttribute("aria-current"); other.closest("tr").classList.remove("is-sel"); }
    link.setAttribute("aria-current", "true");
    link.closest("tr").classList.add("is-sel");
  });
  document.addEventListener("input", (event) => {
    const field = event.target, pick = field.form?.id === "fix-choice" && field.closest(".pick");
    if (pick) $("input[type=radio]", pick).checked = true;
  }, true);

  // ---- Bars that act on what is selected: there only then, and naming how many ----
  const boxes = (bar) => $$(`input[type=checkbox][form="${CSS.escape(bar.id)}"]`);
  const countSelected = () => {
    for (const form of $$("[data-ticked]")) $("button", form).disabled = !boxes(form).some((box) => box.checked);
    for (const bar of $$("[data-bulk]")) {
      const chosen = boxes(bar).filter((box) => box.checked).length;
      bar.hidden = !chosen;
      for (const place of $$("[data-count]", bar)) place.textContent = chosen;
    }
  };
  document.addEventListener("change", (event) => {
    const bar = event.target.dataset.every && $(`#${event.target.dataset.every}`);
    if (bar) for (const box of boxes(bar)) box.checked = event.target.checked;
    countSelected();
  });
  addEventListener("pageshow", countSelected);

  // ---- The focus stays where one works. A form leads back to what it concerns, a part that is replaced to its twin ----
  const focusOn = (element, options = { preventScroll: true }) => {
    if (!element) return;
    if (element.tabIndex < 0 && !element.hasAttribute("tabindex")) element.tabIndex = -1;
    element.focus(options);
  };
  const isFree = () => !document.activeElement || document.activeElement === document.body;
  const headed = (part) => part && (part.matches("h1, h2, h3") ? part : $("h1, h2, h3", part));
  const byId = (id) => id && document.getElementById(id);
  // What is typed is none of them: it changes, and a password is kept nowhere.
  const traits = (element) => ({ tag: element.tagName, id: element.id, href: element.getAttribute("href"), name: element.name, ...!inField(element) && { value: element.value, text: element.textContent.trim() } });
  const isTwin = (one, was) => was.href ? one.getAttribute("href") === was.href : one.name === was.name && one.value === (was.value ?? one.value) && one.textContent.trim() === (was.text ?? one.textContent.trim());
  const twin = (was) => byId(was.id) || [...document.getElementsByTagName(was.tag)].find((one) => one.checkVisibility() && isTwin(one, was));
  const remember = (place, by) => {
    const sent = { path: location.pathname, y: scrollY, place: place?.getAttribute("aria-labelledby") || place?.id, by: by && traits(by) };
    try { sessionStorage.setItem("sent", JSON.stringify(sent)); } catch { /* then the page begins at its top */ }
  };
  document.addEventListener("submit", (event) => {
    const form = event.target, at = isFree() ? null : document.activeElement;
    if (event.defaultPrevented || form.matches("[hx-post], [data-session]") || bringsFile(event)) return;
    // Who has searched goes on to what was found, by keys too.
    remember((event.submitter || form).closest("section[id], section[aria-labelledby]"), form.method === "get" && at && inField(at) ? null : at);
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => { if (event.detail.xhr.getResponseHeader("HX-Refresh") && !isFree()) remember(null, document.activeElement); });
  addEventListener("load", () => {
    let sent = null;
    try { sent = JSON.parse(sessionStorage.getItem("sent")); sessionStorage.removeItem("sent"); } catch { /* as above */ }
    if (!sent || !isFree()) return; // a field in error has the focus by itself
    const told = $$("main [role=alert], main [aria-invalid=true], main > .note[role=status], main [data-told]").find((one) => one.checkVisibility());
    if (told) return focusOn(told, {}); // which must be seen
    if (sent.path !== location.pathname) return focusOn($("main h1") || $("main"));
    const stay = sent.by && twin(sent.by) || headed(byId(sent.place));
    if (stay && !location.hash) scrollTo({ top: sent.y, behavior: "instant" });
    focusOn(stay || $("main h1") || $("main"), {});
  });
  let had = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const at = document.activeElement, part = event.detail.target;
    if (!isFree()) had = part.contains?.(at) ? { ...traits(at), part: part.id } : null; // else another part's, not settled yet
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (had && isFree()) focusOn(twin(had) || headed(byId(had.part)) || $("main"));
    had = null;
  });

  // ---- Live parts: a lost connection is said, a lost session asks for the password over the kept page ----
  let cutOff = false; // known by the event alone: a machine that never had a network still reaches itself
  const offline = (on, why = "No connection") => {
    for (const note of $$("[data-offline]")) {
      if (on && note.hidden) {
        $("[data-why]", note).textContent = why;
        $("[data-since]", note).textContent = new Date().toLocaleTimeString("en-GB");
      }
      note.hidden = !on;
    }
  };
  const failed = (event) => {
    const { elt, xhr } = event.detail;
    if (event.type === "htmx:sendError" || xhr.status >= 500) offline(true, event.type === "htmx:sendError" ? "No connection" : "No answer");
    if (elt?.matches?.("[data-refreshes]")) elt.submit();
    if (elt?.matches?.(".later")) { elt.removeAttribute("aria-busy"); $(".only-js", elt)?.remove(); $(".no-js", elt)?.classList.remove("no-js"); }
  };
  addEventListener("offline", () => { cutOff = !/^(localhost|127\.|\[::1\])/.test(location.hostname); offline(true); });
  addEventListener("online", () => { cutOff = false; offline(false); });
  document.addEventListener("submit", (event) => { if (cutOff) { event.preventDefault(); event.stopImmediatePropagation(); scrollTo(0, 0); } }, true);
  document.addEventListener("htmx:sendError", failed);
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:beforeSwap", (event) => {
    offline(false);
    const { xhr, pathInfo } = event.detail;
    if (xhr.responseURL && new URL(xhr.responseURL).pathname !== new URL(pathInfo.finalRequestPath, location.href).pathname) {
      event.detail.shouldSwap = false;
      const session = $("#session");
      if (!session || new URL(xhr.responseURL).pathname !== new URL($("form", session).action).pathname) location.reload();
      else if (!session.open) { session.showModal(); $("[type=password]", session).focus(); }
    }
  });
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-session]")) return;
    event.preventDefault();
    const body = new FormData(form), refused = $(".err", form);
    const answer = await fetch(form.action, { method: "POST", body, headers: { "X-CSRFToken": token() || "" } }).catch(() => null);
    const signedIn = answer?.redirected && !answer.url.includes("/login/");
    refused.hidden = Boolean(signedIn);
    $("[type=password]", form).value = "";
    if (signedIn) form.closest("dialog").close(); else $("[type=password]", form).focus();
  });
  // A page that could not be shown asks again by itself, a little later.
  document.addEventListener("DOMContentLoaded", () => {
    const retry = $("[data-retry]");
    let left = Number(retry?.dataset.retry);
    const tick = () => { left -= 1; if (left <= 0) return location.reload(); $("progress", retry).value += 1; $("[data-left]", retry).textContent = left; setTimeout(tick, 1000); };
    if (retry) setTimeout(tick, 1000);
  });
  // Progress is announced when its sentence changes (each quarter), not at every poll.
  document.addEventListener("htmx:afterSettle", () => {
    const said = $("[data-say]")?.dataset.say, live = $("#said");
    if (live && said !== undefined && live.textContent !== said) live.textContent = said;
  });

  // ---- Keys. Single ones do nothing in a field and can be switched off ----
  const keysOn = () => root.dataset.keys !== "off";
  const inField = (element) => element.isContentEditable || /^(input|select|textarea)$/i.test(element.tagName) && !/^(checkbox|radio|button|submit)$/.test(element.type);
  let afterG = false;
  const rows = () => $$("[data-rows] tbody tr:not(.grp)");
  const toRow = (place) => {
    const all = rows(), row = all[Math.min(all.length - 1, Math.max(0, place))];
    (row && $("a.rowlink", row) || $("a, input, button", row || document.body))?.focus();
  };
  const moveRow = (by) => toRow(rows().indexOf(document.activeElement.closest("tr")) + by);
  // A decision sends the page; when it comes back, the next row has the focus.
  const decide = (selector) => {
    const row = document.activeElement.closest("tr"), button = row && $(selector, row);
    if (button) { try { sessionStorage.setItem("row", rows().indexOf(row) + 1); } catch { /* then J finds it */ } button.click(); }
  };
  addEventListener("load", () => {
    try { const next = sessionStorage.getItem("row"); sessionStorage.removeItem("row"); if (next) toRow(Number(next)); } catch { /* as above */ }
  });
  const inRow = (selector) => { const row = document.activeElement.closest("tr"); if (row) $(selector, row)?.click(); };
  const enter = (field) => { field?.focus(); field?.select?.(); };
  // ---- The palette: found while one types; arrows choose, Enter in the field opens what is named ----
  const openPalette = () => {
    const dialog = $("#palette"), field = $("#palette-q");
    if (!dialog || dialog.open) return;
    for (const other of $$("dialog[open]")) other.close();
    dialog.showModal();
    field.select();
    if (window.htmx) window.htmx.trigger(field, "palette-open");
  };
  document.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key], dialog = event.target.closest?.("#palette");
    if (!by || !dialog) return;
    event.preventDefault();
    const stops = [$("#palette-q"), ...$$("a", dialog)], at = stops.indexOf(document.activeElement);
    stops[Math.min(stops.length - 1, Math.max(0, at + by))].focus();
  });
  const actions = {
    "/": () => { const field = $("[data-search]"); if (field) field.focus(); else openPalette(); }, "?": () => $("#keys")?.showModal(),
    j: () => moveRow(1), k: () => moveRow(-1), x: () => inRow("input[type=checkbox]"),
    y: () => decide("[data-accept]"), n: () => decide("[data-skip]"),
  };
  document.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (key === "escape") { if (event.target.form?.id === "fix-choice") event.target.blur(); return showMenu(false); }
    if (key === "enter" && (event.ctrlKey || event.metaKey) && !$("dialog[open]")) { const button = $("[data-do]"); if (button && !button.disabled) { event.preventDefault(); button.click(); } return; }
    if (key === "k" && (event.ctrlKey || event.metaKey) && $("#palette")) { event.preventDefault(); openPalette(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || !keysOn() || inField(event.target) || $("dialog[open]")) return;
    const link = afterG ? $(`[data-go="${CSS.escape(key)}"]`) : $(`[data-key="${CSS.escape(key)}"]`);
    const act = afterG ? null : actions[key];
    afterG = key === "g" && !afterG;
    if (link || act) { event.preventDefault(); if (link) { link.click(); const pick = link.closest(".pick") || link; enter($("select, input:not([type=radio])", pick) || $("input", pick)); } else act(); }
  });

  // ---- Lists: what is picked is counted; one tick takes the page, another the whole list; folded filters close again ----
  const picks = () => $$("#chosen tbody input[type=checkbox]");
  const showPicked = () => {
    const all = picks(), count = all.filter((box) => box.checked).length, every = $("[data-all]"), said = $("[data-chosen]");
    const whole = $("#chosen [data-total]");
    if (whole && count < all.length) whole.checked = false;
    for (const box of all) box.closest("tr").classList.toggle("is-sel", box.checked);
    if (every) { every.checked = count > 0 && count === all.length; every.indeterminate = count > 0 && count < all.length; }
    if (said) said.textContent = `${whole?.checked ? whole.dataset.total : count} selected`;
    if (said) said.closest(".bulk").hidden = !count;
  };
  const pick = (on) => { for (const box of picks()) box.checked = on; showPicked(); };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-all]") || event.target.matches("#chosen [data-total]:checked")) pick(event.target.checked);
    else if (event.target.closest("#chosen")) showPicked();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-none]")) { pick(false); $("[data-all]")?.focus(); }
    for (const menu of $$("details.fmenu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest?.("details.fmenu[open]");
    if (menu) { menu.open = false; $("summary", menu).focus(); }
  });
  addEventListener("pageshow", showPicked);
  // An address says what was asked for, and not what was left open.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-lean]")) return;
    const blank = [...event.target.elements].filter((part) => part.name && !part.value && !part.disabled);
    for (const part of blank) part.disabled = true;
    setTimeout(() => { for (const part of blank) part.disabled = false; });
  });
  // What is told once can be copied.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const field = document.getElementById(button.dataset.copy);
    field.select();
    await navigator.clipboard.writeText(field.value);
    $("span", button).textContent = "Copied";
  });
})();
