// What the pages do better with JavaScript: dialogs, buttons that copy and save, the reader's own time zone. Every page works without it.
"use strict";

// The months are as the server writes them: "Sep", not "Sept".
const dated = (options) => {
  const written = new Intl.DateTimeFormat("en-GB", options);
  return (at) => written.format(new Date(at)).replace(/\bSept\b/, "Sep");
};
// The exact time in UTC, for titles.
const exact = dated({ dateStyle: "long", timeStyle: "long", timeZone: "UTC" });
// The day of an instant in the reader's zone.
const day = dated({ day: "numeric", month: "short", year: "numeric" });
// An instant in the reader's zone, which is named; beside it stands the same in UTC.
const instant = dated({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
const hour = dated({ hour: "2-digit", minute: "2-digit", timeZoneName: "short" });

const written = {
  clock: dated({ hour: "2-digit", minute: "2-digit" }),
  weekday: dated({ weekday: "short", hour: "2-digit", minute: "2-digit" }),
  moment: dated({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }),
};

function localTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
    time.title = exact(time.dateTime);
  }
  for (const mark of root.querySelectorAll("[data-at]")) {
    mark.textContent = written[mark.dataset.as](mark.dataset.at) + (mark.dataset.rest ?? "");
  }
  for (const zone of root.querySelectorAll("[data-zone]")) {
    zone.textContent = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  }
  for (const time of root.querySelectorAll("time[data-hour]")) {
    time.textContent = hour(time.dateTime);
  }
  for (const time of root.querySelectorAll("time[data-instant]")) {
    const local = instant(time.dateTime);
    if (!/ (UTC|GMT)$/.test(local)) {
      const utc = document.createElement("span");
      utc.className = "sub";
      utc.textContent = ` (${time.textContent})`;
      time.textContent = local;
      time.after(utc);
    }
    delete time.dataset.instant; // once
  }
  for (const time of root.querySelectorAll("time[datetime]:not([data-words], [data-hour], .instant *)")) {
    time.textContent = day(time.dateTime);
  }
}

// Days in filters are days of the reader: what is sent is the instant at which the first one begins or the last one ends.
function localDays(root) {
  for (const input of root.querySelectorAll("form[data-days] input[data-day]")) {
    const at = new Date(input.dataset.day);
    if ("through" in input.dataset) {
      at.setMilliseconds(-1);
    }
    const two = (n) => String(n).padStart(2, "0");
    input.value = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  }
}

document.addEventListener("formdata", (event) => {
  if (!("days" in event.target.dataset)) {
    return;
  }
  for (const input of event.target.querySelectorAll("input[type=date]")) {
    const [year, month, date] = input.value.split("-").map(Number);
    if (year) {
      const at = new Date(year, month - 1, date + ("through" in input.dataset ? 1 : 0));
      event.formData.set(input.name, at.toISOString().replace(".000", ""));
    }
  }
});

async function copy(button) {
  const source = button.dataset.copy ? document.getElementById(button.dataset.copy) : button.closest("td").querySelector("code");
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    // Without https the clipboard is closed to scripts: select the text and use the old way.
    const selection = getSelection();
    selection.selectAllChildren(source);
    if (!document.execCommand("copy")) {
      announce("Selected. Press Control+C to copy.");
      return;
    }
  }
  const label = button.querySelector(".copy-text");
  if (label) {
    label.textContent = "Copied";
  }
  button.classList.add("copied");
  announce(button.getAttribute("aria-label").replace("Copy", "Copied"));
  setTimeout(() => {
    if (label) {
      label.textContent = "Copy";
    }
    button.classList.remove("copied");
  }, 2000);
}

// What a page shows once is saved as a file, without another request.
function download(button) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([document.getElementById(button.dataset.download).textContent, "\n"], { type: "text/plain" }));
  link.download = button.dataset.file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function announce(text) {
  document.getElementById("announce").textContent = text;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) {
    copy(button);
  }
  const saved = event.target.closest("[data-download]");
  if (saved) {
    download(saved);
  }
  const dialog = event.target.closest("dialog");
  if (dialog && (event.target === dialog || event.target.closest("[data-close]"))) {
    event.preventDefault();
    dialog.close();
  }
  // A menu closes when something beside it is clicked.
  for (const open of document.querySelectorAll("details.switcher[open]")) {
    if (!open.contains(event.target)) {
      open.open = false;
    }
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") {
    return;
  }
  for (const open of document.querySelectorAll("details.switcher[open]")) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});

// A form is sent once, however often its button is pressed. htmx sees to its own.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post") || event.defaultPrevented || event.submitter?.formMethod === "get") {
    return;
  }
  if ("sent" in form.dataset) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "";
  form.querySelector("[type=submit]:not([formmethod], [value=find])")?.setAttribute("aria-disabled", "true");
});

// A confirmation that htmx has fetched opens as a dialog.
document.addEventListener("htmx:afterSettle", (event) => {
  localTimes(event.target);
  if (event.target.id === "dialog" && !event.target.open) {
    event.target.showModal();
  }
});

// The box in the head of a list ticks the rows of the page.
document.addEventListener("change", (event) => {
  if ("pick" in event.target.dataset) {
    for (const box of event.target.closest("table").querySelectorAll("input[name=selected]")) {
      box.checked = event.target.checked;
    }
  }
});

// No secret comes back from the browser's memory of the page.
addEventListener("pagehide", () => {
  for (const secret of document.querySelectorAll("[data-secret]")) {
    secret.textContent = "Shown only once";
  }
});

// Nor does a form that was sent.
addEventListener("pageshow", (event) => {
  if (event.persisted) {
    location.reload();
  }
});

localTimes(document);
localDays(document);
