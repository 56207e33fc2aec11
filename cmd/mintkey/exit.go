package main

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// The exit codes, of which exitCodesCommand tells people.
const (
	exitDone            = 0
	exitFailed          = 1
	exitUsage           = 2
	exitUnauthenticated = 3
	exitNotFound        = 4
	exitNetwork         = 5
	exitRefused         = 6
)

// codedError is an error with an exit code of its own.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

func unauthenticatedf(format string, args ...any) error {
	return &codedError{exitUnauthenticated, fmt.Errorf(format, args...)}
}

func notFoundf(format string, args ...any) error {
	return &codedError{exitNotFound, fmt.Errorf(format, args...)}
}

// usageError is a mistake in the command line or in a setting.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// crashed is a panic, which the Go runtime would end with exit code 2, as if it were a mistake of the user.
type crashed struct{ reason any }

func (e *crashed) Error() string {
	return fmt.Sprintf("this is a bug in mintkey, please report it with the lines above: %v", e.reason)
}

// recovered turns a panic of this goroutine into an error, and prints where it was.
func (p *program) recovered(err *error) {
	if reason := recover(); reason != nil {
		p.sayf("panic: %v\n\n%s", reason, debug.Stack())
		*err = &crashed{reason}
	}
}

// exitCode is the first that fits: what has joined errors is as bad as the first of them says.
func exitCode(err error) int {
	var usage *usageError
	var unchecked *uncheckedError
	var coded *codedError
	var refusal *refused
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage), errors.As(err, &unchecked):
		return exitUsage
	case errors.As(err, &coded):
		return coded.code
	case errors.As(err, &refusal):
		return refusal.exitCode()
	default:
		return exitFailed
	}
}

// exitCode goes by the status, which OAuth endpoints and the administration API have in common.
func (r *refused) exitCode() int {
	switch {
	case r.status == http.StatusUnauthorized:
		return exitUnauthenticated
	case r.status == http.StatusNotFound:
		return exitNotFound
	case triesAgain(r.status):
		return exitNetwork
	case r.status >= http.StatusBadRequest && r.status < http.StatusInternalServerError:
		return exitRefused
	default:
		return exitFailed
	}
}

// triesAgain says of a status that the same request may succeed later.
func triesAgain(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}

// exitCodesCommand is a topic of mintkey help: it runs nothing.
func exitCodesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes mean",
		Long: `The exit code of every command says what came of it:

  0  done
  1  failed: a file, the store, a bug, or an answer that no Mintkey server
     gives; or a question before a change was not answered with yes, and
     nothing was changed
  2  wrong usage: a mistake in the command line or in a setting; nothing
     was done
  3  not authenticated: no access key given, no such profile, or the
     server refuses it (invalid_client: wrong, expired, revoked, suspended,
     or not allowed from this network)
  4  not found, or not to be seen with this access key
  5  network: no connection, no answer in time, TLS, or a server that
     can't work now (429, 502, 503, 504); --retries were used up, and the
     same command may work later
  6  refused: the server understands and does not do it (403, 409, 412,
     422), or a value is wrong that only the server can judge
     (invalid_scope, invalid_target, invalid_period)

mintkey secret check has 1 for "found some" and 2 for "could not read everything";
mintkey store settings has 1 for "settings differ"; mintkey keys needs-refresh has 1 for "no"
and 2 where others have 1; mintkey exec has the exit code of its command. Their help says so.`,
	}
}
