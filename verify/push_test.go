package verify_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/verify"
)

func withPush(c *verify.Config) { c.Push = &verify.Push{ClientID: pushID, ClientSecret: pushSecret} }

// newListener has its stream open.
func newListener(t testing.TB, i *issuer) (*verify.Verifier, *events) {
	t.Helper()
	var heard events
	v := newVerifier(t, i, withPush, heard.record)
	waitFor(t, "an open stream", func() bool { return len(heard.of(verify.EventPush)) > 0 })
	if first := heard.of(verify.EventPush)[0]; first.Err != nil {
		t.Fatalf("the stream did not open: %v", first.Err)
	}
	return v, &heard
}

func waitFor(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for range 18_000 { // minutes: far longer than anything takes
		if condition() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}

func TestPushDropsTokensAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		v, _ := newListener(t, i)
		byID, byEntry, other := i.mint(object{"jti": "doomed"}), i.mint(i.status(9)), i.mint(i.status(8))
		mustVerify(t, v, byID)
		mustVerify(t, v, byEntry)
		until := time.Now().Add(15 * time.Minute).Unix()
		i.feed.add(t, object{"jti": "doomed", "client_id": "mk_1", "at": "2026-01-01T00:00:00Z", "exp": until})
		i.feed.add(t, object{"idx": 9, "uri": i.url + listPath, "client_id": "mk_1", "at": "2026-01-01T00:00:00Z", "exp": until})
		synctest.Wait() // no time passes
		wantError(t, v, byID, verify.ErrRevoked)
		wantError(t, v, byEntry, verify.ErrRevoked)
		mustVerify(t, v, other)

		time.Sleep(10 * time.Second) // the status list does not have it yet, and cannot take it back
		wantError(t, v, byEntry, verify.ErrRevoked)
	})
}

func TestPushedRevocationsAreForgottenWhenTheyNoLongerMatter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		v, _ := newListener(t, i)
		push := func(revocation object) {
			revocation["exp"] = time.Now().Add(time.Minute).Unix()
			i.feed.add(t, revocation)
		}
		push(object{"idx": 9, "uri": i.url + listPath})
		push(object{"jti": "once"})
		time.Sleep(time.Minute + time.Second)
		wantError(t, v, i.mint(i.status(9)), verify.ErrRevoked) // not tidied away yet
		wantError(t, v, i.mint(object{"jti": "once"}), verify.ErrRevoked)
		push(object{"jti": "another"})
		synctest.Wait()
		mustVerify(t, v, i.mint(i.status(9)))
		mustVerify(t, v, i.mint(object{"jti": "once"}))
		wantError(t, v, i.mint(object{"jti": "another"}), verify.ErrRevoked)
	})
}

func TestABrokenStreamIsResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		v, heard := newListener(t, i)
		until := time.Now().Add(15 * time.Minute).Unix()
		i.feed.add(t, object{"jti": "first", "exp": until})
		synctest.Wait()
		i.feed.hangUp()
		synctest.Wait()
		i.feed.add(t, object{"jti": "while it was broken", "exp": until})
		time.Sleep(time.Second)
		synctest.Wait()
		wantError(t, v, i.mint(object{"jti": "first"}), verify.ErrRevoked)
		wantError(t, v, i.mint(object{"jti": "while it was broken"}), verify.ErrRevoked)
		if diff := cmp.Diff([]string{"", "1"}, i.feed.requests()); diff != "" {
			t.Errorf("Last-Event-ID (-want +got):\n%s", diff)
		}
		var states []bool
		for _, event := range heard.of(verify.EventPush) {
			states = append(states, event.Err == nil)
		}
		if diff := cmp.Diff([]bool{true, false, true}, states); diff != "" {
			t.Errorf("open or lost (-want +got):\n%s", diff)
		}
	})
}

// After a reset the place in the stream is worth nothing, but what was revoked stays so.
func TestAStreamThatWasResetStartsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		v, _ := newListener(t, i)
		i.feed.add(t, object{"jti": "heard before", "exp": time.Now().Add(15 * time.Minute).Unix()})
		i.feed.addRaw("reset", "{}")
		synctest.Wait()
		wantError(t, v, i.mint(object{"jti": "heard before"}), verify.ErrRevoked)
		i.feed.hangUp()
		time.Sleep(time.Second)
		synctest.Wait()
		if diff := cmp.Diff([]string{"", ""}, i.feed.requests()); diff != "" {
			t.Errorf("Last-Event-ID (-want +got):\n%s", diff)
		}
		wantError(t, v, i.mint(object{"jti": "heard before"}), verify.ErrRevoked)
	})
}

func TestAStreamThatCannotBeOpenedIsNotHammered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		var heard events
		v := newVerifier(t, i, withPush, heard.record, func(c *verify.Config) { c.Push.ClientSecret = "wrong" })
		time.Sleep(time.Hour)
		if n := i.count("/oauth2/token"); n < 100 || n > 150 {
			t.Errorf("%d tries in an hour, want about one in 30 s", n)
		}
		mustVerify(t, v, i.mint(i.status(1))) // polling does not need it
		if heard.of(verify.EventPush)[0].Err == nil {
			t.Error("no event tells of it")
		}
	})
}

func TestASilentStreamIsOpenedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		v, _ := newListener(t, i)
		time.Sleep(10 * time.Minute)
		if n := len(i.feed.requests()); n != 1 {
			t.Errorf("opened %d times while there were heartbeats, want 1", n)
		}
		i.feed.mu.Lock()
		i.feed.silent = true
		i.feed.mu.Unlock()
		time.Sleep(2 * time.Minute) // after the last heartbeat: 90 s, and 1 s until the next try
		if n := len(i.feed.requests()); n != 2 {
			t.Errorf("opened %d times after it went silent, want 2", n)
		}
		mustVerify(t, v, i.mint(nil))
	})
}

func TestEventsThatMeanNothingAreReported(t *testing.T) {
	i := newIssuer(t)
	v, heard := newListener(t, i)
	for _, data := range []string{`{`, `{}`, `{"idx":1}`, `{"idx":-1,"uri":"u"}`, `{"uri":"u"}`, `[]`} {
		i.feed.addRaw("revocation", data)
	}
	i.feed.addRaw("news", `{"jti":"innocent"}`)
	i.feed.add(t, object{"jti": "guilty", "exp": time.Now().Add(time.Minute).Unix()})
	waitFor(t, "seven events", func() bool { return len(heard.of(verify.EventRevocation)) == 7 })
	for n, event := range heard.of(verify.EventRevocation) {
		if (event.Err == nil) != (n == 6) {
			t.Errorf("event %d: %v", n, event.Err)
		}
	}
	wantError(t, v, i.mint(object{"jti": "guilty"}), verify.ErrRevoked)
	mustVerify(t, v, i.mint(object{"jti": "innocent"}))
}

func TestAnIssuerWithoutPush(t *testing.T) {
	i := newIssuer(t)
	i.editMetadata = func(m object) { delete(m, "revocation_events_endpoint") }
	var heard events
	v := newVerifier(t, i, withPush, heard.record)
	mustVerify(t, v, i.mint(nil))
	waitFor(t, "an event that tells of it", func() bool {
		return len(heard.of(verify.EventPush)) > 0 && heard.of(verify.EventPush)[0].Err != nil
	})
}

func TestTheSecretIsNeverPrinted(t *testing.T) {
	push := verify.Push{ClientID: "mk_1", ClientSecret: "mks_hidden"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, value := range []any{push, &push, verify.Config{Push: &push}} {
			if text := fmt.Sprintf(verb, value); containsAny(text, "hidden", fmt.Sprintf("%x", "hidden")) {
				t.Errorf("%s prints %s", verb, text)
			}
		}
	}
	_, err := verify.New(t.Context(), verify.Config{Issuer: "http://x", Audience: "y", Push: &verify.Push{ClientSecret: "mks_hidden"}})
	if err == nil || errors.Is(err, verify.ErrInvalidToken) || containsAny(err.Error(), "hidden") {
		t.Errorf("New without a client ID: %v", err)
	}
}
