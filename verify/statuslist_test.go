package verify_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mintkey/verify"
)

func TestRevocationArrivesWithinTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		v := newVerifier(t, i)
		doomed, other := i.mint(i.status(9)), i.mint(i.status(8))
		for range 20 {
			mustVerify(t, v, doomed)
			mustVerify(t, v, other)
			time.Sleep(700 * time.Millisecond)
		}
		i.revoke(9)
		time.Sleep(10 * time.Second)
		wantError(t, v, doomed, verify.ErrRevoked)
		wantError(t, v, doomed, verify.ErrInvalidToken)
		wantError(t, v, i.mint(i.status(9)), verify.ErrRevoked) // one that was never seen
		mustVerify(t, v, other)
	})
}

func TestFirstUseAsksForTheListAtOnce(t *testing.T) {
	i := newIssuer(t)
	v := newVerifier(t, i)
	mustVerify(t, v, i.mint(nil))
	if n := i.count(listPath); n != 0 {
		t.Errorf("%d requests for a list that no token names", n)
	}
	i.revoke(9)
	wantError(t, v, i.mint(i.status(9)), verify.ErrRevoked)
}

func TestAListIsFetchedAgainOnlyWhenItHasChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		full := 0
		i.serveList = func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-None-Match") == `"v1"` {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			full++
			w.Header().Set("ETag", `"v1"`)
			_, _ = fmt.Fprint(w, i.signer().sign(t, "statuslist+jwt", i.listClaims(nil)))
		}
		v := newVerifier(t, i, func(c *verify.Config) { c.WhenStale = verify.FailClosed })
		token := i.mint(i.status(1))
		mustVerify(t, v, token)
		time.Sleep(time.Minute)
		mustVerify(t, v, token) // 304 is a word of the issuer too: the list is not stale
		if n := i.count(listPath); n < 12 || n > 15 || full != 1 {
			t.Errorf("%d requests and %d lists in a minute, want about 13 and 1", n, full)
		}
	})
}

func TestAListThatNobodyUsesIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		i.listLife = 24 * time.Hour
		v := newVerifier(t, i)
		mustVerify(t, v, i.mint(i.status(1)))
		time.Sleep(2 * time.Hour)
		before := i.count(listPath)
		time.Sleep(time.Hour)
		if n := i.count(listPath) - before; n != 0 {
			t.Errorf("%d requests for a list that nobody uses", n)
		}
		i.revoke(1)
		wantError(t, v, i.mint(i.status(1)), verify.ErrRevoked)
	})
}

func TestStaleLists(t *testing.T) {
	for name, test := range map[string]struct {
		when verify.WhenStale
		good []time.Duration // after the issuer went away
		bad  []time.Duration
	}{
		"fail-open":   {verify.FailOpen, []time.Duration{time.Minute, 50 * time.Minute}, []time.Duration{time.Hour}},
		"fail-closed": {verify.FailClosed, []time.Duration{20 * time.Second}, []time.Duration{31 * time.Second, 50 * time.Minute, time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := newBubbleIssuer(t)
				i.revoke(9)
				v := newVerifier(t, i, func(c *verify.Config) { c.WhenStale = test.when })
				token := i.mint(i.status(1))
				mustVerify(t, v, token)
				i.do(func() { i.down = true })
				gone := time.Now()
				for _, after := range test.good {
					time.Sleep(time.Until(gone.Add(after)))
					mustVerify(t, v, i.mint(i.status(1)))
				}
				for _, after := range test.bad {
					time.Sleep(time.Until(gone.Add(after)))
					wantError(t, v, i.mint(i.status(1)), verify.ErrUnavailable)
					wantError(t, v, i.mint(i.status(9)), verify.ErrRevoked) // that does not change any more
				}
				wantError(t, v, token, verify.ErrExpired) // a dead token is dead, whatever is out of reach
				mustVerify(t, v, i.mint(nil))

				i.do(func() { i.down = false })
				time.Sleep(10 * time.Second)
				mustVerify(t, v, i.mint(i.status(1)))
			})
		})
	}
}

func TestATokenWhoseListWasNeverHadIsNotJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		i.serveList = http.NotFound
		v := newVerifier(t, i)
		token := i.mint(i.status(1))
		wantError(t, v, token, verify.ErrUnavailable)
		i.do(func() { i.serveList = nil })
		time.Sleep(5 * time.Second)
		mustVerify(t, v, token)
	})
}

func TestListsThatAreNotBelieved(t *testing.T) {
	type change = func(i *issuer, key **issuerKey, typ *string, claims object)
	for name, falsify := range map[string]change{
		"another type":     func(_ *issuer, _ **issuerKey, typ *string, _ object) { *typ = "at+jwt" },
		"a stranger's key": func(i *issuer, key **issuerKey, _ *string, _ object) { *key = strangerOf(i) },
		"another subject":  func(i *issuer, _ **issuerKey, _ *string, c object) { c["sub"] = i.url + "/oauth2/status-lists/1" },
		"no subject":       func(_ *issuer, _ **issuerKey, _ *string, c object) { delete(c, "sub") },
		"expired":          func(_ *issuer, _ **issuerKey, _ *string, c object) { c["exp"] = time.Now().Add(-time.Minute).Unix() },
		"without exp":      func(_ *issuer, _ **issuerKey, _ *string, c object) { delete(c, "exp") },
		"of the future":    func(_ *issuer, _ **issuerKey, _ *string, c object) { c["iat"] = time.Now().Add(time.Minute).Unix() },
		"3 bits":           func(_ *issuer, _ **issuerKey, _ *string, c object) { c["status_list"].(object)["bits"] = 3 },
		"0 bits":           func(_ *issuer, _ **issuerKey, _ *string, c object) { c["status_list"].(object)["bits"] = 0 },
		"padded": func(_ *issuer, _ **issuerKey, _ *string, c object) {
			c["status_list"].(object)["lst"] = "eNrbuRgAAhcBXQ=="
		},
		"not compressed": func(_ *issuer, _ **issuerKey, _ *string, c object) { c["status_list"].(object)["lst"] = "AAAA" },
		"cut short":      func(_ *issuer, _ **issuerKey, _ *string, c object) { c["status_list"].(object)["lst"] = "eNrbuRgAAhcB" },
		"a bomb": func(i *issuer, _ **issuerKey, _ *string, c object) {
			c["status_list"].(object)["lst"] = pack(i.t, make([]byte, 1<<20+1))
		},
		"without any list":  func(_ *issuer, _ **issuerKey, _ *string, c object) { delete(c, "status_list") },
		"a list of numbers": func(_ *issuer, _ **issuerKey, _ *string, c object) { c["status_list"] = []int{0, 0, 0} },
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t)
			i.serveList = func(w http.ResponseWriter, _ *http.Request) {
				key, typ, claims := i.signer(), "statuslist+jwt", i.listClaims(nil)
				falsify(i, &key, &typ, claims)
				_, _ = fmt.Fprint(w, key.sign(t, typ, claims))
			}
			wantError(t, newVerifier(t, i), i.mint(i.status(1)), verify.ErrUnavailable)
		})
	}
}

// strangerOf is somebody else's key under the kid of the issuer's.
func strangerOf(i *issuer) *issuerKey {
	own := i.signer()
	stranger := i.addKey(own.kid, own.method)
	i.do(func() { i.keys = i.keys[:len(i.keys)-1] })
	return stranger
}

func TestAnEndlessListIsCutOff(t *testing.T) {
	i := newIssuer(t)
	sent := make(chan int, 1)
	i.serveList = func(w http.ResponseWriter, _ *http.Request) {
		line := strings.Repeat("A", 1<<16)
		for n := 0; ; n += len(line) {
			if _, err := fmt.Fprint(w, line); err != nil {
				sent <- n
				return
			}
		}
	}
	v := newVerifier(t, i)
	wantError(t, v, i.mint(i.status(1)), verify.ErrUnavailable)
	if n := <-sent; n > 32<<20 { // 2 MiB are read, some more is on the way
		t.Errorf("%d bytes were taken", n)
	}
}

// The examples of draft-ietf-oauth-status-list-21 sections 4.1 and 4.2: entries from the lowest bits of the first byte on.
func TestExamplesOfTheDraft(t *testing.T) {
	for _, test := range []struct {
		bits     int
		list     string
		statuses string
	}{
		{1, "eNrbuRgAAhcBXQ", "1001110111000101"},
		{2, "eNo76fITAAPfAgc", "120301011233"},
		{4, "", "0f10"},
		{8, "", "01f0"},
	} {
		i := newIssuer(t)
		list := test.list
		switch test.bits {
		case 4:
			list = pack(t, []byte{0xf0, 0x01})
		case 8:
			list = pack(t, []byte{0, 1, 0xff, 0})
		}
		i.serveList = func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprint(w, i.signer().sign(t, "statuslist+jwt", i.listClaims(object{"status_list": object{"bits": test.bits, "lst": list}})))
		}
		v := newVerifier(t, i)
		for index, status := range test.statuses {
			_, err := v.Verify(t.Context(), i.mint(i.status(uint64(index))))
			if (err == nil) != (status == '0') {
				t.Errorf("entry %d of %s, %d bits each: %v", index, test.statuses, test.bits, err)
			}
		}
		wantError(t, v, i.mint(i.status(uint64(len(test.statuses)))), verify.ErrInvalidToken)
	}
}
