// On the page that shows a new secret: tries it, as the curl command there does. It is kept nowhere.
"use strict";

const shown = (id) => document.getElementById(id).textContent;

// What a token says of itself. Nothing is verified here: it came from the server a moment ago.
function claimsOf(token) {
  try {
    const bytes = atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0))));
  } catch {
    return {};
  }
}

function lifetime(seconds) {
  return seconds >= 120 ? `${Math.round(seconds / 60)} minutes` : `${seconds} seconds`;
}

function success(answer) {
  const audience = [claimsOf(answer.access_token).aud ?? []].flat().join(", ");
  const scopes = answer.scope ? `with the ${answer.scope.includes(" ") ? "scopes" : "scope"} ${answer.scope.replaceAll(" ", ", ")}` : "without scopes";
  return `It works: a token for ${audience || "this server"}, ${scopes}, valid for ${lifetime(answer.expires_in)}.`;
}

const failures = {
  invalid_client: "The client ID and the secret are not accepted. The key may have been refreshed, suspended or revoked since, or may not be used from this address.",
  unauthorized_client: "The key may not ask for tokens in this way.",
  invalid_scope: "The key has no scope that a token could have.",
  invalid_target: "The key may have tokens for no API.",
  invalid_request: "The server did not understand the request.",
  temporarily_unavailable: "The server can’t answer right now. Try again in a moment.",
  server_error: "The server failed. Try again in a moment.",
};

function failure(status, answer, wait) {
  if (status === 429) {
    return `Too many requests for tokens.${/^\d+$/.test(wait ?? "") ? ` Try again in ${lifetime(Number(wait))}.` : ""}`;
  }
  const code = answer?.error;
  return `${failures[code] ?? answer?.error_description ?? "The server gave no token."} (${code ?? "status"}${code ? "" : ` ${status}`})`;
}

async function attempt(endpoint) {
  const response = await fetch(endpoint, {
    method: "POST",
    credentials: "omit", // nothing but the key counts, and the browser asks for no password
    cache: "no-store",
    headers: { Authorization: "Basic " + btoa(`${shown("client-id")}:${shown("client-secret")}`) },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  const answer = await response.json().catch(() => null);
  if (response.ok && answer?.access_token) {
    return [success(answer), true];
  }
  return [failure(response.status, answer, response.headers.get("Retry-After")), false];
}

async function tryKey(button) {
  const box = button.closest("[data-endpoint]");
  const result = box.querySelector("[data-result]");
  button.setAttribute("aria-disabled", "true");
  result.className = "try-result";
  result.textContent = "Asking for a token…";
  let works = false;
  try {
    [result.textContent, works] = await attempt(box.dataset.endpoint);
  } catch {
    result.textContent = "The server can’t be reached.";
  }
  result.classList.add(works ? "works" : "fails");
  button.removeAttribute("aria-disabled");
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-try]");
  if (button && button.getAttribute("aria-disabled") !== "true") {
    tryKey(button);
  }
});

// The page may be open at another address than that of the token endpoint, which its Content-Security-Policy does not let it ask.
for (const box of document.querySelectorAll("[data-endpoint]")) {
  box.hidden = new URL(box.dataset.endpoint).origin !== location.origin;
}
