// Package usage records what happens while tokens are issued, and saves it later in batches, so that issuing a token costs no write: when
// keys were last used, how many tokens were issued and refused, why clients were refused, and who still signs in with a password.
//
// All of it goes through one kind of batch. The package imports no other package under server, and knows nothing of HTTP.
package usage
