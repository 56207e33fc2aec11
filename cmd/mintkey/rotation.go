package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"syscall"
	"time"

	"mintkey/policy"
	"mintkey/server/api"
)

// rotation gives the access key in a file a new secret. Its steps can be interrupted after any of them, and begun again by another
// rotation of the same file: the file has a secret that works at every instant, because a new one is in the intent before it is used,
// and in the file only once it was used. A secret that was used is one that no repeat replaces (R37).
type rotation struct {
	*program
	file    string
	overlap time.Duration
	held    access // as in the file
	intent  intent
	asked   bool // a request for a new secret was sent, and may have been carried out
}

// intent is kept beside the file while a rotation is under way.
type intent struct {
	IdempotencyKey string `json:"idempotency_key"`
	OverlapSeconds int64  `json:"overlap_seconds"` // of the request, which has to be the same when it is repeated
	ClientID       string `json:"client_id"`
	From           string `json:"from"` // digest of the secret that is to be replaced
	// ClientSecret is the new secret, once it was received.
	ClientSecret         string     `json:"client_secret,omitempty"`
	PreviousSecretEndsAt *time.Time `json:"previous_secret_ends_at,omitempty"`
}

// maxOvertaken is how often a rotation asks again because something else has replaced the secret that it got.
const maxOvertaken = 3

func (r *rotation) steps() []func(context.Context) error {
	return []func(context.Context) error{r.begin, r.ask, r.try, r.save, r.finish}
}

func (r *rotation) intentFile() string { return r.file + ".rotation" }

// begun reads the intent of an earlier rotation of the file, and says whether there is one to go on with. One for another secret than the
// file has is of no use: somebody has put the access key there since.
func (r *rotation) begun() (bool, error) {
	text, err := os.ReadFile(r.intentFile())
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the rotation that has begun: %w", err)
	}
	var found intent
	if err := json.Unmarshal(text, &found); err != nil {
		return false, fmt.Errorf("read %s: %w", r.intentFile(), err)
	}
	held := digestText(r.held.secret)
	if found.ClientID != r.held.clientID || held != found.From && held != digestText(policy.ClientSecretFromRequest(found.ClientSecret)) {
		return false, nil
	}
	r.intent = found
	return true, nil
}

// begin keeps what has to be repeated if the answer is lost.
func (r *rotation) begin(context.Context) error {
	if r.intent.IdempotencyKey != "" {
		return nil
	}
	r.intent = intent{
		IdempotencyKey: rand.Text(), OverlapSeconds: int64(r.overlap / time.Second), ClientID: r.held.clientID, From: digestText(r.held.secret),
	}
	return r.saveIntent()
}

// ask asks the server for a new secret, unless an earlier rotation has got one, and keeps it.
func (r *rotation) ask(ctx context.Context) error {
	if r.intent.ClientSecret != "" {
		return nil
	}
	server, err := r.connectWith(ctx, r.held)
	if err != nil {
		return err
	}
	request := func() (json.RawMessage, error) {
		return server.callOnce(ctx, http.MethodPost, path("me", "v1", "key", "refresh"), r.intent.IdempotencyKey,
			api.Refresh{OverlapSeconds: r.intent.OverlapSeconds})
	}
	askedBefore := r.asked
	r.asked = true
	answer, err := request()
	if isRefusal(err, "idempotency_key_used") { // what the first request made is not lost, but elsewhere: this is another rotation
		r.intent = intent{}
		if err := r.begin(ctx); err != nil {
			return err
		}
		answer, err = request()
	}
	if err != nil {
		no, ok := errors.AsType[*refused](err)
		r.asked = askedBefore || !ok || no.repeated || no.exitCode() == exitNetwork
		return err
	}
	var fresh api.KeyWithSecret
	if err := json.Unmarshal(answer, &fresh); err != nil || fresh.ClientSecret == "" {
		return fmt.Errorf("refresh the access key: %s answered without a secret", r.held.url)
	}
	r.intent.ClientSecret, r.intent.PreviousSecretEndsAt = fresh.ClientSecret, fresh.PreviousSecretEndsAt
	return r.saveIntent()
}

// try uses the new secret. If it does not work, a request of before has replaced it, whose answer came too late for anybody: ask again.
func (r *rotation) try(ctx context.Context) error {
	for range maxOvertaken {
		fresh := r.held
		fresh.secret = policy.ClientSecretFromRequest(r.intent.ClientSecret)
		_, err := r.fetchAdminToken(ctx, fresh)
		if err == nil {
			return nil
		}
		if !isRefusal(err, "invalid_client") {
			return fmt.Errorf("try the new secret, which is kept in %s: %w", r.intentFile(), err)
		}
		r.intent.ClientSecret = ""
		if err := r.ask(ctx); err != nil {
			return err
		}
	}
	return errors.New("each new secret was replaced before it could be used: is another program rotating this access key?")
}

// save puts the new secret in the file.
func (r *rotation) save(context.Context) error {
	fresh := r.held
	fresh.secret = policy.ClientSecretFromRequest(r.intent.ClientSecret)
	if err := saveProfile(r.file, fresh); err != nil {
		return fmt.Errorf("save the new secret; the old one still works until %s: %w", showTime(r.intent.PreviousSecretEndsAt), err)
	}
	return nil
}

// finish forgets the intent, which has a copy of the secret.
func (r *rotation) finish(context.Context) error {
	if err := os.Remove(r.intentFile()); err != nil {
		return fmt.Errorf("end the rotation: %w", err)
	}
	return nil
}

// clear removes what a rotation has made that came to nothing: the server has refused it, or was never asked, so that there is nothing to
// go on with. It leaves an intent of before, and files that were there. It returns the error of the rotation.
func (r *rotation) clear(failure error, begunBefore, madeFile bool) error {
	if r.asked || begunBefore || r.intent.ClientSecret != "" {
		return failure
	}
	made := []string{r.intentFile()}
	if madeFile {
		made = append(made, r.file)
	}
	for _, file := range made {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failure = errors.Join(failure, err)
		}
	}
	return failure
}

func (r *rotation) saveIntent() error {
	if err := saveJSON(r.intentFile(), r.intent); err != nil {
		return fmt.Errorf("save the rotation that begins: %w", err)
	}
	return nil
}

func digestText(secret policy.ClientSecret) string {
	digest := secret.Digest()
	return hex.EncodeToString(digest[:])
}

// lockFile keeps two rotations of a file apart: each would replace the secret of the other. The lock ends with the process, and its file
// with the lock.
func lockFile(file string) (unlock func(), err error) {
	for {
		lock, err := os.OpenFile(file+".lock", os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", file, err)
		}
		if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			_ = lock.Close()
			if errors.Is(err, syscall.EWOULDBLOCK) {
				return nil, fmt.Errorf("another command is rotating the access key in %s", file)
			}
			return nil, fmt.Errorf("lock %s: %w", file, err)
		}
		held, heldErr := lock.Stat()
		named, namedErr := os.Stat(lock.Name())
		if heldErr == nil && namedErr == nil && os.SameFile(held, named) {
			return func() {
				_ = os.Remove(lock.Name()) // while it is locked, so that whoever opened it meanwhile finds that it is another one
				_ = lock.Close()
			}, nil
		}
		_ = lock.Close() // its holder has removed it between the two calls
	}
}
