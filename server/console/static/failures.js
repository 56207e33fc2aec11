// What goes wrong is said where it went wrong, and what is shown and no longer true is marked. Pages work without it, but are silent then.
"use strict";

{
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("mintkey") : { postMessage() {} };
  const main = () => document.getElementById("main");
  const dialog = () => document.getElementById("dialog");
  const retries = new Set(); // what to try again as soon as the network is back

  const element = (name, attributes, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  };

  // Where a message about an element goes: as near as a message can stand.
  const place = (source) => {
    const sheet = source.closest("dialog[open]")?.querySelector("form, .form-actions");
    return sheet ?? source.closest("form") ?? source.closest("table, .tenant-keys, .card, #results, #members") ?? main().firstElementChild;
  };

  // say shows a message and has it read out; focus stays where it is. Actions are [text, function] or [text, address].
  const say = (source, title, text, actions) => {
    const at = source.isConnected ? place(source) : main().firstElementChild;
    if (at.previousElementSibling?.classList.contains("failed")) {
      at.previousElementSibling.remove();
    }
    const doing = actions.map(([label, what]) => {
      if (typeof what === "string") {
        return element("a", { class: "button small", href: what, ...(what.startsWith("/console/sign-in") && { target: "_blank" }) }, label);
      }
      const button = element("button", { class: "small", type: "button" }, label);
      button.addEventListener("click", what);
      return button;
    });
    const box = element("div", { class: "alert failed", role: "alert" },
      element("div", {}, element("p", {}, element("strong", {}, title), " " + text), element("p", { class: "failed-actions" }, ...doing)));
    at.before(box);
    box.scrollIntoView({ block: "nearest" });
  };

  const forget = (source) => {
    const at = source.isConnected && place(source);
    if (at && at.previousElementSibling?.classList.contains("failed")) {
      at.previousElementSibling.remove();
    }
  };

  // A list or preview that could not be brought up to date is marked.
  const markStale = (target) => {
    if (target && target !== dialog() && target.id) {
      target.dataset.stale = "";
    }
  };

  const again = ({ requestConfig: { verb, path, elt } }) => [
    "Try again", () => { forget(elt); htmx.ajax(verb, path, { source: elt }); },
  ];
  const reload = ["Reload the page", () => location.reload()];

  const unanswered = (title) => ({ detail }) => {
    const elt = detail.requestConfig.elt;
    const read = detail.requestConfig.verb === "get";
    markStale(read && detail.target);
    const text = read ? "What you see may be out of date." : "It may have been done or not: reload the page to see, before you do it again.";
    say(elt, title, text, read ? [again(detail)] : [again(detail), reload]);
    if (read) {
      retries.add(() => { forget(elt); htmx.ajax("get", detail.requestConfig.path, { source: elt }); });
    }
  };
  document.addEventListener("htmx:sendError", unanswered("The server can’t be reached."));
  document.addEventListener("htmx:timeout", unanswered("The server does not answer."));
  addEventListener("online", () => {
    for (const retry of retries) {
      retry();
    }
    retries.clear();
  });

  // An answer that is a form to be corrected is shown as one; any other failure is said beside what was pressed.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { detail } = event;
    const answer = new DOMParser().parseFromString(detail.xhr.responseText, "text/html");
    const failed = answer.querySelector("[data-failed]");
    if (detail.xhr.status >= 400 && (failed || !answer.getElementById("main"))) {
      detail.shouldSwap = false;
      return; // htmx:responseError says it
    }
    if (detail.xhr.status >= 400) {
      detail.shouldSwap = true;
      detail.isError = false;
    }
    if (detail.shouldSwap && detail.target === dialog() && !answer.querySelector(".sheet")) {
      dialog().close();
      detail.target = main();
      detail.selectOverride = "#main";
      detail.swapOverride = "outerHTML show:window:top";
    }
  });

  document.addEventListener("htmx:responseError", ({ detail }) => {
    const { status, responseText } = detail.xhr;
    const { elt } = detail.requestConfig;
    const failed = new DOMParser().parseFromString(responseText, "text/html").querySelector("[data-failed]");
    const title = failed?.querySelector("h1")?.textContent ?? `The server answers ${status}`;
    const text = failed?.querySelector("p")?.textContent ?? "Nothing more is known. Try again in a moment.";
    const signIn = failed?.querySelector("[data-sign-in]")?.getAttribute("href");
    if (status === 404) {
      markStale(document.getElementById("results"));
    }
    markStale(detail.requestConfig.verb === "get" && detail.target);
    const actions = signIn ? [["Sign in in a new tab", signIn], again(detail)] : status === 404 || status === 403 ? [reload] : [again(detail), reload];
    say(elt, title + ".", text, actions);
  });

  // While a request is under way, what it will replace is busy, and its button does nothing more.
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    forget(detail.elt);
    detail.target?.setAttribute("aria-busy", "true");
    for (const button of detail.requestConfig.verb === "post" ? buttons(detail.elt) : []) {
      button.setAttribute("aria-disabled", "true");
    }
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    detail.target?.removeAttribute("aria-busy");
    if (detail.xhr.getResponseHeader("HX-Redirect")) {
      return; // another page comes
    }
    for (const button of buttons(detail.elt)) {
      button.removeAttribute("aria-disabled");
    }
    if (detail.successful && detail.target) {
      delete detail.target.dataset.stale;
    }
  });
  const buttons = (source) => (source.matches("form") ? source.querySelectorAll("[type=submit]") : source.matches("button") ? [source] : []);
  for (const type of ["submit", "click"]) {
    document.addEventListener(type, (event) => {
      if (event.target.closest?.(type === "submit" ? "form[hx-post].htmx-request" : "button[hx-post].htmx-request, a[hx-get].htmx-request")) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
    }, true);
  }

  // A form is not sent into nothing: the browser would show a page of its own, and what was typed would be gone.
  document.addEventListener("submit", (event) => {
    if (!navigator.onLine && !event.defaultPrevented && event.target.method === "post") {
      event.preventDefault();
      event.stopImmediatePropagation();
      say(event.target, "You are offline.", "Nothing was sent, and what you typed is still here.", []);
    }
  }, true);

  // After a form came back, the first thing that is wrong has the focus.
  document.addEventListener("htmx:afterSettle", (event) => {
    const shown = dialog()?.open ? dialog() : event.target.id === "main" ? event.target : null;
    const wrong = shown?.querySelector("[aria-invalid=true], [role=alert]");
    if (wrong) {
      wrong.setAttribute("tabindex", wrong.getAttribute("tabindex") ?? (wrong.matches("input, select, textarea") ? "0" : "-1"));
      wrong.focus();
    }
  });

  // What is changed in one tab is no longer true in the others: lists are fetched anew; a form, and what [data-changes] marks, is left alone
  // and says so. A page that shows something once says nothing: it can't be fetched again.
  if (document.querySelector(".notice, [data-secret]")) {
    channel.postMessage("changed");
  }
  channel.onmessage = ({ data }) => {
    const results = document.getElementById("results");
    if (data !== "changed" || dialog()?.open) {
      markStale(results);
    } else if (results) {
      markStale(results);
      htmx.ajax("get", location.href, { source: results, target: "#results", select: "#results", swap: "outerHTML" });
    } else if (main().querySelector("form, [data-changes]") && !document.querySelector(".changed-elsewhere")) {
      const note = element("p", { class: "sub changed-elsewhere", role: "status" }, "Something was changed in another tab. ");
      const button = element("button", { class: "small", type: "button" }, "Reload the page");
      button.addEventListener("click", () => location.reload());
      note.append(button);
      main().prepend(note);
    }
  };

  // Some minutes before the session ends, a bar says so. The server is asked first: another tab may have gone on.
  const warnAt = 5 * 60;
  let timer;
  const watch = (left) => {
    clearTimeout(timer);
    timer = setTimeout(ask, Math.max(left > warnAt ? left - warnAt : Math.min(left, 30), 1) * 1000);
  };
  const ask = async (method = "GET") => {
    try {
      const answer = await fetch("/console/session", { method, headers: { "HX-Request": "true" } });
      if (answer.status === 401) {
        return tell(0, 0);
      }
      const { left, most } = await answer.json();
      tell(left, most);
      watch(left);
    } catch {
      watch(warnAt + 30); // the network is away
    }
  };
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
  const tell = (left, most) => {
    const bar = document.getElementById("session-bar");
    if (left > warnAt) {
      return bar?.remove();
    }
    const state = left === 0 ? "over" : most > warnAt ? "idle" : "end";
    if (bar?.dataset.state === state) {
      return; // said once is enough
    }
    bar?.remove();
    const at = clock.format(new Date(Date.now() + left * 1000));
    const text = {
      over: "You are signed out. What you typed is still here: sign in in a new tab, then go on.",
      idle: `You will be signed out at ${at}, because you have done nothing for a while.`,
      end: `You will be signed out at ${at}: a sign-in lasts twelve hours at most. Send what you have typed before, or sign in again then.`,
    }[state];
    const made = element("div", { id: "session-bar", class: "alert caution", role: "alert", "data-state": state }, element("p", {}, text));
    if (state === "idle") {
      const stay = element("button", { class: "small", type: "button" }, "Stay signed in");
      stay.addEventListener("click", () => ask("POST"));
      made.append(stay);
    } else if (state === "over") {
      const next = encodeURIComponent(location.pathname);
      made.append(element("a", { class: "button small", href: "/console/sign-in?next=" + next, target: "_blank" }, "Sign in in a new tab"));
    }
    document.body.append(made);
  };
  const left = Number(document.body.dataset.sessionLeft);
  if (left) {
    watch(left);
    // A computer that slept has lost count.
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && ask());
    addEventListener("focus", () => ask());
  }
}
