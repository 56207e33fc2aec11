// Package clients authenticates clients by their credentials (RFC 6749 section 2.3), for every endpoint that needs it. Each method of
// authentication has a file of its own. From outside every refusal looks the same (R24); the error has the reason, for the audit trail.
//
// Of the packages under server it imports limits, usage and web only.
package clients
