// Package passkeys holds the WebAuthn ceremonies by which a person registers a passkey and proves to have one
// (https://www.w3.org/TR/webauthn-3/). It establishes which passkey answered; what that lets somebody do is decided elsewhere.
//
// A ceremony is asked for once and answered once: whoever calls keeps its state, away from the browser, and hands it in with the answer a
// single time. Only this package imports go-webauthn. It must not import console, which uses it.
package passkeys
