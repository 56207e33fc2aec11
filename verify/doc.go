// Package verify protects a Go resource server with the access tokens of a Mintkey issuer.
//
//	v, err := verify.New(ctx, verify.Config{Issuer: "https://auth.example.com", Audience: "https://api.example.com"})
//	if err != nil {
//		return err
//	}
//	defer v.Close()
//	mux.Handle("GET /orders", v.Require("orders:read")(orders))
//
// In the handler, [FromContext] tells who calls. [Verifier.Verify] is the same without net/http.
//
// # What it promises
//
// A token is good if the issuer signed it as an access token (RFC 9068) for this audience, its time is now, and it has not been
// revoked. The judgement is made in this process: no request of a caller waits for the issuer, except the first ever, the first
// that brings a new signing key, and the first that brings a new status list.
//
// A revocation arrives within 10 seconds, because the status lists (draft-ietf-oauth-status-list-21) of the tokens in use are asked for
// every 5; with [Config.Push] it arrives in less than one. A rotation of signing keys is noticed by itself.
//
// # When the issuer is away
//
// [New] does not ask the issuer anything, so a server starts without it. Until the signing keys have been fetched once, no token
// can be judged: that is [ErrUnavailable], which [Verifier.Require] answers with 503 and not with 401, because a client that is told
// that its token is bad throws it away. From then on validation goes on without the issuer. The status lists grow old meanwhile;
// [Config.WhenStale] says what to do then. By default ([FailOpen]) their last word counts until the time that the issuer itself has
// signed into them as their end. That risks little: a revoked access key gets no new tokens, so the worst is that a stolen token lives
// to its natural end, 15 minutes at most by default, if the issuer is out of reach just when its key is revoked.
//
// # Importing it
//
// Until the module is published, another one requires it at v0.0.0 and replaces it by a clone: see docs/gateways/go.md. The package imports
// golang-jwt and jwkset and nothing else of this module.
// It reads JWK Sets with jwkset but does not use keyfunc, which would try every key on a token that names none, and
// keep a request waiting for its rate limit.
package verify
