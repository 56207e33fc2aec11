// Package clients answers who asks by a client's credentials (RFC 6749 section 2.3), for every endpoint that needs to know. Each method of
// authentication has a file of its own. From outside every refusal looks the same (R24); what it was is in the error, for the audit trail.
//
// It knows the rooms limits and usage, and web.
package clients
