package server_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/store"
)

// tries is the number of interleaved requests of each kind that the medians are taken over.
const tries = 10_000

// BenchmarkTimingOfClients compares how long a right, a wrong and an unknown client take: timing must not reveal which it was (R4).
func BenchmarkTimingOfClients(b *testing.B) {
	handler, id, secret, _ := benchServer(b)
	compare(b, handler, map[string]url.Values{
		"right":   {"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret.Reveal()}},
		"wrong":   {"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {policy.NewClientSecret([32]byte{2}).Reveal()}},
		"unknown": {"grant_type": {"client_credentials"}, "client_id": {"mk_nobody"}, "client_secret": {secret.Reveal()}},
	})
}

// BenchmarkTimingOfPasswords does the same for a right password, a wrong one, an unknown user and one who is no member (R22).
func BenchmarkTimingOfPasswords(b *testing.B) {
	handler, _, _, _ := benchServer(b)
	compare(b, handler, map[string]url.Values{
		"right":      login("old", "u", password),
		"wrong":      login("old", "u", "wrong password"),
		"unknown":    login("old", "nobody", password),
		"non-member": login("old", "stranger", password),
	})
}

// compare sends the requests in random order, because in a fixed order the garbage collector would always hit the same one, and reports
// the median of each in microseconds.
func compare(b *testing.B, handler http.Handler, forms map[string]url.Values) {
	b.Helper()
	var names []string
	for name := range forms {
		names = append(names, name)
	}
	slices.Sort(names)
	random := rand.New(rand.NewPCG(1, 2))
	took := map[string][]time.Duration{}
	for b.Loop() {
		for range tries {
			name := names[random.IntN(len(names))]
			r := httptest.NewRequest(http.MethodPost, "/oauth2/token", strings.NewReader(forms[name].Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			begin := time.Now()
			handler.ServeHTTP(w, r)
			took[name] = append(took[name], time.Since(begin))
			if (w.Code == http.StatusOK) != (name == "right") {
				b.Fatal(name, w.Code, w.Body)
			}
		}
	}
	for _, name := range names {
		slices.Sort(took[name])
		b.ReportMetric(float64(took[name][len(took[name])/2])/float64(time.Microsecond), name+"-µs")
	}
}

// unlimited never slows anybody who guesses.
type unlimited struct{ store.Store }

func (unlimited) Reserve(context.Context, string, store.Rate) (time.Duration, error) { return 0, nil }
func (unlimited) Refund(context.Context, string, store.Rate) error                   { return nil }

// settleOldTenant adds a tenant that may use passwords, its member u and a stranger, both with the password.
func settleOldTenant(b *testing.B, s store.Store) {
	b.Helper()
	hash, err := passwords.NewHasher(passwords.Options{}).Hash(b.Context(), password)
	if err != nil {
		b.Fatal(err)
	}
	release, err := policy.ParseRelease("23.4")
	if err != nil {
		b.Fatal(err)
	}
	withHash := func(u policy.User) (policy.User, []policy.Event, error) {
		u.PasswordHash = hash
		return u, nil, nil
	}
	for _, err := range []error{
		s.CreateTenant(b.Context(), policy.Tenant{ID: "old", AccountID: "a", Name: "Old", Release: release}),
		s.CreateUser(b.Context(), policy.User{ID: "stranger", AccountID: "a", Email: "s@example.com", PasswordHash: hash}),
		s.UpdateUser(b.Context(), "a", "u", withHash),
		s.UpdateMembership(b.Context(), "old", "u", func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m, err := m.WithRole(policy.RoleMember, start)
			return m, nil, err
		}),
	} {
		if err != nil {
			b.Fatal(err)
		}
	}
}
