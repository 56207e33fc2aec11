package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mintkey/policy"
	"mintkey/server/api"
)

const (
	followEvery = 2 * time.Second
	// A server that is away is asked again after longer and longer pauses.
	firstRetry = 500 * time.Millisecond
	lastRetry  = 30 * time.Second
)

func (p *program) auditFollowCommand(access *accessFlags, account *string) *cobra.Command {
	c := &cobra.Command{
		Use:   "follow",
		Short: "Stream the audit trail, one event a line, as it is written",
		Long: "Stream the audit trail, one event a line, in the order in which events are written; from the start, or where --state ends.\n\n" +
			"With --state FILE it goes on where it was, also after a crash: the file is written after the lines. So no event is left out,\n" +
			"and those of one answer (200 at most) can come again: they have the same id (metadata.uid in OCSF). After the server was\n" +
			"restored from a backup, all that it has comes again. If it has deleted events, or moved them to its archive, before they were\n" +
			"written here, this ends with exit code 1. While the server is away it is asked again, every 30 seconds at most.\n\n" +
			"-o json writes the events as the API has them, -o ocsf those of the Open Cybersecurity Schema Framework (" + ocsfVersion + ").",
		Example:     "  mintkey audit follow --state /var/lib/mintkey-audit/state.json \\\n    -o ocsf >>events.jsonl",
		Args:        arguments(cobra.NoArgs),
		Annotations: map[string]string{moreOutputs: outputOCSF},
	}
	f := follower{program: p, access: access, account: account}
	c.Flags().StringVar(&f.state, "state", "", "file that remembers how far it came")
	since := c.Flags().String("since", "", sinceHelp)
	once := c.Flags().Bool("once", false, "end when there is nothing more, instead of waiting")
	c.RunE = func(c *cobra.Command, _ []string) (err error) {
		if *since != "" {
			if f.since, err = parseSince(*since, p.clock()); err != nil {
				return err
			}
		}
		if f.place, err = readFollowState(f.state); err != nil {
			return err
		}
		patient := *access
		patient.retries, f.access = 0, &patient // run tries again itself, without end
		return f.run(c.Context(), *once)
	}
	return c
}

// follower reads a trail and writes it to standard output.
type follower struct {
	*program

	access  *accessFlags
	account *string
	state   string
	since   time.Time

	place  followState
	server *client // nil while there is no token
}

// run returns nil when the context ends, or when there is nothing more to read if it is to run once.
func (f *follower) run(ctx context.Context, once bool) error {
	for pause := time.Duration(0); ; {
		more, err := f.step(ctx)
		var refusal *refused
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the request failed because somebody ended it
		case err == nil && more:
			pause = 0
			continue
		case err == nil && once:
			return nil
		case err == nil:
			pause = followEvery
		case errors.As(err, &refusal) && refusal.forgotten:
			return f.missed()
		case errors.As(err, &refusal) && refusal.code == "position_lost" && f.place.Cursor != "":
			f.sayf("warning: the server was restored, or has lost a part of its trail; starting again from the beginning\n")
			f.place.Cursor, pause = "", 0
			continue
		case !mayPass(err):
			return err
		default:
			f.server = nil // a token may have expired
			pause = min(max(2*pause, firstRetry), lastRetry)
			f.sayf("warning: %v; will retry\n", err)
		}
		timer := time.NewTimer(pause/2 + rand.N(pause/2+1)) //nolint:gosec // spreads retries, guards nothing
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// missed is the error for events that are deleted and were not written. Going on without a word would hide a hole in the copy.
func (f *follower) missed() error {
	again := "start again"
	if f.state != "" {
		again = "remove " + f.state + " and start again"
	}
	return fmt.Errorf("position_lost: the server has deleted events that were not written here, or has moved them to its archive\n"+
		"(audit.retention, audit.archive_after): this was away for too long. Its archive, if it has one, has the rest.\n"+
		"To go on with all that the server still has, %s; events have the same id as before", again)
}

// mayPass says whether asking again can help. A token that has expired is refused as unauthorized.
func mayPass(err error) bool {
	var usage *usageError
	var local *localError
	if errors.As(err, &usage) || errors.As(err, &local) {
		return false
	}
	var refusal *refused
	passing := []string{"unauthorized", "unavailable", "temporarily_unavailable", "too_many_requests", "server_error", "internal", "conflict"}
	return !errors.As(err, &refusal) || slices.Contains(passing, refusal.code)
}

// localError is a failure of this machine: output or state can't be written.
type localError struct{ err error }

func (e *localError) Error() string { return e.err.Error() }
func (e *localError) Unwrap() error { return e.err }

// step asks once. It returns false when there was nothing new.
func (f *follower) step(ctx context.Context) (more bool, err error) {
	if f.server == nil {
		if f.server, err = f.connect(ctx, f.access); err != nil {
			return false, err
		}
	}
	path := f.server.accountPath(*f.account, "audit")
	if f.place.Trail != "" && f.place.Trail != path {
		return false, usagef("--state %s is of another trail, %s: give each trail a file of its own", f.state, f.place.Trail)
	}
	query := url.Values{"order": {"asc"}, "limit": {pageSize}}
	if f.place.Cursor != "" {
		query.Set("after", f.place.Cursor)
	}
	if !f.since.IsZero() {
		query.Set("since", f.since.UTC().Format(time.RFC3339))
	}
	answer, err := f.server.call(ctx, http.MethodGet, path+"?"+query.Encode(), nil)
	if err != nil {
		return false, err
	}
	var page api.List[json.RawMessage]
	if err := json.Unmarshal(answer, &page); err != nil {
		return false, fmt.Errorf("read the trail: %w", err)
	}
	if page.Next == "" {
		return false, usagef("the server is too old to be followed: it has no order of arrival")
	}
	var lines strings.Builder
	for _, item := range page.Items {
		line, err := f.line(item)
		if err != nil {
			return false, &localError{err}
		}
		lines.WriteString(line + "\n")
	}
	// In one piece, so that a crash is not likely to leave half a line.
	if _, err := io.WriteString(f.stdout, lines.String()); err != nil {
		return false, &localError{fmt.Errorf("write the events: %w", err)}
	}
	if page.Next == f.place.Cursor {
		return false, nil
	}
	f.place = followState{Trail: path, Cursor: page.Next}
	if err := f.place.save(f.state); err != nil {
		return false, &localError{err}
	}
	return true, nil
}

// line is the event in the form of --output.
func (f *follower) line(item json.RawMessage) (string, error) {
	var event policy.Event
	if err := json.Unmarshal(item, &event); err != nil {
		return "", fmt.Errorf("read an event: %w", err)
	}
	switch f.output {
	case outputOCSF:
		text, err := json.Marshal(ocsfEvent(event))
		if err != nil {
			return "", fmt.Errorf("write an event: %w", err)
		}
		return jsonForTerminal(string(text)), nil
	case outputJSON:
		return jsonForTerminal(string(item)), nil
	case outputYAML: // a stream of documents
		text, err := yamlOf(string(item))
		return "---\n" + strings.TrimSuffix(text, "\n"), err
	default:
		cells := slices.DeleteFunc(eventRow(event), func(cell string) bool { return cell == "" })
		return forCell(strings.Join(cells, "  ")), nil
	}
}
