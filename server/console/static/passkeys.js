// Asks the browser for a passkey where a form needs one. Without this script, a password and a recovery code do.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0)).buffer;
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

// Not every browser has parseCreationOptionsFromJSON and toJSON, and some password managers break them.
function fromJSON(options) {
  const described = (list) => list?.map((each) => ({ ...each, id: bytes(each.id) }));
  const read = { ...options, challenge: bytes(options.challenge) };
  if (options.user) {
    read.user = { ...options.user, id: bytes(options.user.id) };
  }
  if (options.allowCredentials) {
    read.allowCredentials = described(options.allowCredentials);
  }
  if (options.excludeCredentials) {
    read.excludeCredentials = described(options.excludeCredentials);
  }
  return read;
}

function toJSON(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) {
      response[name] = text(credential.response[name]);
    }
  }
  if (credential.response.getTransports) {
    response.transports = credential.response.getTransports();
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: {} });
}

// What went wrong, in words for people. Browsers do not tell who cancelled from what timed out.
function words(error) {
  switch (error.name) {
    case "NotAllowedError":
      return "Nothing was done: it was cancelled, took too long, or this device has no passkey for this site.";
    case "InvalidStateError":
      return "This device has a passkey of yours already.";
    case "SecurityError":
      return "This page is not open at the address that passkeys are for.";
    default:
      return "The browser could not do it: " + error.message;
  }
}

function show(form, problem) {
  const fault = form.querySelector("[data-fault]");
  fault.textContent = problem;
  fault.hidden = problem === "";
}

// The options come with the page or, before anybody is known, from the server.
async function begin(form) {
  if (form.dataset.options) {
    return JSON.parse(form.dataset.options);
  }
  const answer = await fetch(form.dataset.begin, { method: "POST" });
  if (!answer.ok) {
    throw new Error(answer.status === 429 ? "there were too many tries; wait a few minutes." : "the server answered " + answer.status + ".");
  }
  const begun = await answer.json();
  form.elements.ceremony.value = begun.ceremony;
  return begun.options;
}

let waiting = null; // the request behind the browser's list of passkeys

async function ask(form, mediation) {
  waiting?.abort();
  const mine = new AbortController();
  waiting = mine;
  const publicKey = fromJSON(await begin(form));
  const credential = form.dataset.passkey === "create"
    ? await navigator.credentials.create({ publicKey, signal: mine.signal })
    : await navigator.credentials.get({ publicKey, mediation, signal: mine.signal });
  form.elements.answer.value = toJSON(credential);
  form.submit();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!window.PublicKeyCredential) {
      show(form, "This browser has no passkeys.");
      return;
    }
    show(form, "");
    ask(form).catch((error) => error.name !== "AbortError" && show(form, words(error)));
  });
}

// Passkeys appear among what the browser fills into the e-mail field. Nobody has asked, so nothing is said if that fails.
const offered = document.querySelector("form[data-passkey][data-begin]");
if (offered && window.PublicKeyCredential?.isConditionalMediationAvailable) {
  PublicKeyCredential.isConditionalMediationAvailable().then((can) => can && ask(offered, "conditional")).catch(() => {});
}
