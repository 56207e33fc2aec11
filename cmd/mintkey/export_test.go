package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"mintkey/configs"
	"mintkey/policy"
	"mintkey/store"
)

// Main lets the scripts in testdata run the program as it is.
func Main() { main() }

// ExitCode is the exit code of what Run has returned.
var ExitCode = exitCode

// Run runs one command line.
var Run = run

// InitAcme does what mintkey init does with a store, and returns the client ID.
func InitAcme(ctx context.Context, s store.Store, now time.Time) (string, error) {
	release, err := policy.ParseRelease("24.3")
	if err != nil {
		return "", err
	}
	b := &bootstrap{service: newService(s, configs.Config{}, nil), now: now}
	made, err := b.makeKey(ctx, bootstrapRequest{
		account: idAndName{"acme", "Acme"}, tenant: idAndName{"berlin", "Berlin"}, release: release,
		email: "ada@example.com", name: "Ada", password: "correct horse",
	})
	return made.clientID, err
}

// OCSFEvent translates an event.
var OCSFEvent = ocsfEvent

// BoundListener returns a listener with at most so many connections, and the handler to serve there.
func BoundListener(l net.Listener, most int, handler http.Handler) (net.Listener, http.Handler) {
	bounded := bound(l, most, slog.New(slog.DiscardHandler))
	return bounded, politely(bounded, handler)
}

// YAMLOf makes YAML of JSON, and InWords an age.
var (
	YAMLOf  = yamlOf
	InWords = inWords
)

// FitTable returns a table as wide as a terminal, whose second and third columns can be left out and whose first can be cut short.
func FitTable(rows [][]string, width int) string {
	t := textTable{columns: []textColumn{{head: "ONE", cut: true}, {head: "TWO", rank: 1}, {head: "THREE", rank: 2}}, rows: rows}
	t.fit(width)
	var text strings.Builder
	t.write(&text)
	return text.String()
}

// LongestForm is how many bytes a secret takes at most in a text that is searched.
const LongestForm = longestForm

// RenewAfter and RetryAfter say when mintkey token --watch asks for a token.
var (
	RenewAfter = renewAfter
	RetryAfter = retryAfter
)
