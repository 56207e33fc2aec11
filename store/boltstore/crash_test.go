package boltstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
)

// crashPath makes the test binary the process that TestKilledWriter kills: it writes to the store at this path.
const crashPath = "MINTKEY_TEST_CRASH_PATH"

const crashWriters = 4

func TestMain(m *testing.M) {
	if path := os.Getenv(crashPath); path != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(context.Background(), path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// Each writer has a user, whose one key it replaces by the next, over and over. What it has said on standard output must be
// there after it was killed; the one step that it may have been in must be there whole or not at all.
func TestKilledWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mintkey.db")
	s := open(t, path)
	check(t, populate(t.Context(), s))
	check(t, s.Close())
	said := make([]int, crashWriters)
	for round := range 8 {
		steps := runAndKill(t, path, said)
		t.Logf("round %d: killed after %d steps", round, steps)
		checkFile(t, path)
		s := open(t, path)
		for writer := range said {
			said[writer] = checkSteps(t, s, writer, said[writer])
		}
		check(t, s.Close())
	}
}

// runAndKill notes in said what each writer says before it is killed, at a random moment after its first word.
func runAndKill(t *testing.T, path string, said []int) (steps int) {
	t.Helper()
	self, err := os.Executable()
	check(t, err)
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), crashPath+"="+path)
	child.Stderr = os.Stderr
	output, err := child.StdoutPipe()
	check(t, err)
	check(t, child.Start())
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		var writer, step int
		_, err := fmt.Sscan(lines.Text(), &writer, &step)
		check(t, err)
		said[writer] = step
		if steps == 0 {
			time.AfterFunc(rand.N(60*time.Millisecond), func() { _ = child.Process.Kill() })
		}
		steps++
	}
	if err := child.Wait(); err == nil || child.ProcessState.Exited() {
		t.Fatalf("the writer ended by itself: %v", err)
	}
	return steps
}

func checkFile(t *testing.T, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	check(t, err)
	check(t, db.View(func(tx *bbolt.Tx) error {
		var broken error
		for err := range tx.Check() {
			broken = errors.Join(broken, err)
		}
		return broken
	}))
	check(t, db.Close())
}

// checkSteps returns the last step that is in the store.
func checkSteps(t *testing.T, s store.Store, writer, said int) int {
	t.Helper()
	ctx := t.Context()
	var steps []string
	query := store.EventsQuery{Limit: 1000}
	for {
		events, err := s.Events(ctx, "acme", query)
		check(t, err)
		for _, e := range events {
			if e.UserID == crashUser(writer) {
				steps = append(steps, e.ClientID)
			}
		}
		if len(events) < query.Limit {
			break
		}
		query.Before = events[len(events)-1].ID
	}
	last := len(steps)
	if last != said && last != said+1 {
		t.Fatalf("writer %d has said %d steps, the store has %d", writer, said, last)
	}
	if last == 0 {
		return 0
	}
	m, err := s.Membership(ctx, "load", crashUser(writer))
	check(t, err)
	if diff := cmp.Diff([]policy.AccessKey{crashKey(writer, last)}, m.Keys); diff != "" {
		t.Errorf("writer %d, step %d (-want +got):\n%s", writer, last, diff)
	}
	got, err := s.SubjectByClientID(ctx, crashKey(writer, last).ClientID)
	check(t, err)
	if got.User.ID != crashUser(writer) {
		t.Errorf("writer %d, step %d: the key leads to %q", writer, last, got.User.ID)
	}
	for i, id := range steps {
		if want := crashKey(writer, last-i).ClientID; id != want {
			t.Fatalf("writer %d: event of %s where that of %s belongs", writer, id, want)
		}
	}
	if _, err := s.SubjectByClientID(ctx, crashKey(writer, last-1).ClientID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("writer %d, step %d: the key before gives %v, want ErrNotFound", writer, last, err)
	}
	return last
}

func crashUser(writer int) string { return fmt.Sprint("writer-", writer) }

// crashKey is large enough to span pages of the file.
func crashKey(writer, step int) policy.AccessKey {
	at := crashTime(step)
	return policy.AccessKey{
		ClientID: fmt.Sprintf("mk_%d_%d", writer, step), Label: strings.Repeat(fmt.Sprint(step), 1500), Scopes: []string{"api"},
		CreatedAt: at, Secrets: []policy.Secret{{Digest: policy.Digest{byte(writer), byte(step)}, IssuedAt: at}},
	}
}

func crashTime(step int) time.Time { return time.UnixMilli(int64(step)).UTC() }

func writeUntilKilled(ctx context.Context, path string) error {
	s, err := boltstore.Open(path)
	if err != nil {
		return err
	}
	failed := make(chan error)
	for writer := range crashWriters {
		go func() { failed <- writeSteps(ctx, s, writer) }()
	}
	return <-failed
}

// writeSteps begins after the last step that is in the store.
func writeSteps(ctx context.Context, s store.Store, writer int) error {
	id := crashUser(writer)
	err := s.CreateUser(ctx, policy.User{ID: id, AccountID: "acme", Email: id + "@example.com"})
	if err != nil && !errors.Is(err, store.ErrExists) {
		return err
	}
	for {
		var step int
		err := s.UpdateMembership(ctx, "load", id, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			step = 1
			if m.Exists() {
				step = int(m.Keys[0].CreatedAt.UnixMilli()) + 1
			}
			m.Role, m.Keys = policy.RoleMember, []policy.AccessKey{crashKey(writer, step)}
			return m, []policy.Event{{
				ID: policy.NewEventID(crashTime(step), [10]byte{byte(writer)}), At: crashTime(step), AccountID: "acme",
				UserID: id, ClientID: m.Keys[0].ClientID,
			}}, nil
		})
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(os.Stdout, writer, step); err != nil {
			return err
		}
	}
}
