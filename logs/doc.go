// Package logs keeps the log safe and small, whatever strangers send: secrets and tokens in it are redacted, long values are cut, and a
// flood of one message is sampled. It belongs to the log itself, so that no caller has to think of it.
//
// It imports policy and nothing else of this module.
package logs
