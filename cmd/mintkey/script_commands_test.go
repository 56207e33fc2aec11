package main_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"mintkey/store"
	"mintkey/store/boltstore"
)

const patience = 3 * time.Minute // for events that must happen eventually; no test measures how soon

// exits CODE COMMAND… runs a command and compares its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	got, err := 0, ts.Exec(args[1], args[2:]...)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// ready URL [REGEXP] waits until a server answers it with 200, and a body that matches.
func ready(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	matches := regexp.MustCompile(strings.Join(args[1:], " "))
	for ctx.Err() == nil {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, args[0], nil)
		ts.Check(err)
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			body, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err == nil && response.StatusCode == http.StatusOK && matches.Match(body) {
				return
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("%s was not ready in time", args[0])
}

// jsonenv VARIABLE FILE FIELD sets a variable to a field of a JSON object; the file may be stdout.
func jsonenv(ts *testscript.TestScript, _ bool, args []string) {
	var object map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &object))
	value, ok := object[args[2]]
	if !ok {
		ts.Fatalf("%s has no field %s", args[1], args[2])
	}
	ts.Setenv(args[0], fmt.Sprint(value))
}

// mode PERMISSIONS FILE compares the permissions of a file.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}

const requestHead = "POST /oauth2/token HTTP/1.1\r\nHost: mintkey\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
	"Content-Length: 29\r\nExpect: 100-continue\r\n\r\n"

// begin ADDRESS sends half a request, and returns when the server is waiting for the other half.
func begin(ts *testscript.TestScript, _ bool, args []string) {
	connection, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", args[0])
	ts.Check(err)
	ts.Defer(func() { _ = connection.Close() })
	_, err = connection.Write([]byte(requestHead))
	ts.Check(err)
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	ts.Check(err)
	_ = response.Body.Close()
	if response.StatusCode != http.StatusContinue {
		ts.Fatalf("status %s, want 100", response.Status)
	}
	_, err = connection.Write([]byte("grant_type="))
	ts.Check(err)
	ts.Setenv("BEGUN", args[0])
	*ts.Value(begunKey{}).(*net.Conn) = connection
}

type begunKey struct{}

// finish STATUS waits until the server of begin accepts no more connections, sends the rest, and compares the status of the answer.
func finish(ts *testscript.TestScript, _ bool, args []string) {
	connection := *ts.Value(begunKey{}).(*net.Conn)
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		other, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", ts.Getenv("BEGUN"))
		if err != nil {
			break
		}
		_ = other.Close()
		if time.Now().After(deadline) {
			ts.Fatalf("the server still accepts connections")
		}
	}
	_, err := connection.Write([]byte("client_credentials"))
	ts.Check(err)
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	ts.Check(err)
	_ = response.Body.Close()
	if got := strconv.Itoa(response.StatusCode); got != args[0] {
		ts.Fatalf("status %s, want %s", got, args[0])
	}
}

// forget FILE ACCOUNT deletes all events of an account, as retention does with those that are old.
func forget(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	s, err := boltstore.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	events, err := s.Events(ctx, args[1], store.EventsQuery{Limit: 1000})
	ts.Check(err)
	ts.Check(s.ForgetEvents(ctx, args[1], events...))
	ts.Check(s.Close())
}
