// Package usage gathers what is counted while tokens are issued, and saves it later in batches, so that a token costs no write: when keys
// were last used, how many tokens were issued and refused, why clients were refused, who still signs in with a password.
//
// All of it goes through one batcher. The package knows none of the other rooms, and nothing of HTTP.
package usage
