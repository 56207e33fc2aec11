package main_test

import (
	"bytes"
	"errors"
	"io"
	"os/exec"
	"strconv"
	"syscall"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"
)

// tty COLUMNS INPUT COMMAND… runs a command whose standard streams are a terminal of this width, types the file INPUT (- for nothing), and
// makes what the terminal shows the standard output. With ! the command has to fail.
func tty(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: tty COLUMNS INPUT COMMAND…")
	}
	columns, err := strconv.ParseUint(args[0], 10, 16)
	ts.Check(err)
	typed := ""
	if args[1] != "-" {
		typed = ts.ReadFile(args[1])
	}
	path, err := exec.LookPath(args[2])
	ts.Check(err)
	command := &exec.Cmd{Path: path, Args: args[2:], Dir: ts.Getenv("WORK"), Env: environOf(ts)}
	terminal, err := pty.StartWithSize(command, &pty.Winsize{Rows: 50, Cols: uint16(columns)})
	ts.Check(err)
	_, err = io.WriteString(terminal, typed) // the terminal keeps it until somebody reads
	ts.Check(err)
	var shown bytes.Buffer
	if _, err := io.Copy(&shown, terminal); err != nil && !errors.Is(err, syscall.EIO) { // Linux says so at the end
		ts.Fatalf("read the terminal: %v", err)
	}
	err = command.Wait()
	ts.Check(terminal.Close())
	_, writeErr := ts.Stdout().Write(bytes.ReplaceAll(shown.Bytes(), []byte("\r\n"), []byte("\n")))
	ts.Check(writeErr)
	if neg != (err != nil) {
		ts.Fatalf("%v: %v\n%s", args[2:], err, shown.String())
	}
}

// environOf has what scripts set that the program and these tests read.
func environOf(ts *testscript.TestScript) (environ []string) {
	for _, name := range []string{
		"PATH", "HOME", "TMPDIR", "GOCOVERDIR", "MINTKEY_URL", "MINTKEY_CLIENT_ID", "MINTKEY_CLIENT_SECRET", "MINTKEY_PROFILE",
	} {
		if value := ts.Getenv(name); value != "" {
			environ = append(environ, name+"="+value)
		}
	}
	return append(environ, "TERM=xterm")
}
