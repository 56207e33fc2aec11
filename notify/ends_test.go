package notify_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/notify"
	"mintkey/policy"
)

func endingKey(clientID string, at, end time.Time) policy.AccessKey {
	key := newKey(clientID, "", at)
	key.ExpiresAt = end
	return key
}

// A key with an end of its own has the notices of that end, be there a policy or not; a refresh moves nothing, and the purge comes (R33).
func TestALifeWithAnEnd(t *testing.T) {
	for name, s := range map[string]fullStore{"bolt": openBolt(t), "Redis": openThrice(t)[0]} {
		t.Run(name, func(t *testing.T) {
			small(t, s)
			addKey(t, s, "ada", endingKey("mk_40", noon, after(40)))
			addKey(t, s, "ada", endingKey("mk_95", noon, after(95))) // after its expiry under the policy, until it is refreshed
			addKey(t, s, "grace", newKey("mk_endless", "", noon))
			scheduler := &notify.Scheduler{Store: s}
			var got []string
			tick := func(moment time.Time) {
				before := len(told(t, s))
				must(t, scheduler.Tick(t.Context(), moment))
				lines := told(t, s)[before:]
				slices.Sort(lines)
				for _, line := range lines {
					got = append(got, fmt.Sprintf("%.2f %s", moment.Sub(noon).Hours()/24, line))
				}
			}
			for hours := 12; hours <= 130*24; hours += 12 {
				tick(noon.Add(time.Duration(hours) * time.Hour))
				switch hours {
				case 35 * 24:
					refresh(t, s, "ada", "mk_40", after(35))
				case 70 * 24:
					refresh(t, s, "ada", "mk_95", after(70))
				}
			}
			want := []string{
				"10.00 mk_40 key.expiring 30", "33.00 mk_40 key.expiring 7", "39.00 mk_40 key.expiring 1", "40.00 mk_40 key.expired",
				"60.00 mk_95 key.expiring 30", "60.00 mk_endless key.expiring 30", "70.00 mk_40 key.purged",
				"83.00 mk_endless key.expiring 7",
				"88.00 mk_95 key.expiring 7", "89.00 mk_endless key.expiring 1", "90.00 mk_endless key.expired",
				"94.00 mk_95 key.expiring 1", "95.00 mk_95 key.expired", "120.00 mk_endless key.purged", "125.00 mk_95 key.purged",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func refresh(t *testing.T, s fullStore, user, clientID string, at time.Time) {
	t.Helper()
	changeMembership(t, s, user, func(m policy.Membership) (policy.Membership, error) {
		fresh := policy.Secret{Digest: policy.ClientSecretFromRequest(at.String()).Digest()}
		return m.WithRefreshedKey(clientID, fresh, policy.Refresh{}, expiration(t, s), at)
	})
}

// With the policy off, the end still counts, and a clock that was set back loses nothing.
func TestAnEndWithoutAPolicy(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	must(t, s.UpdateAccount(t.Context(), "acme", func(a policy.Account) (policy.Account, []policy.Event, error) {
		var err error
		a.Expiration, err = a.Expiration.Revise(policy.PolicyChange{AcknowledgeRisk: true}, after(0))
		return a, nil, err
	}))
	addKey(t, s, "ada", endingKey("mk_200", after(0), after(200)))
	scheduler := &notify.Scheduler{Store: s}
	must(t, scheduler.Tick(t.Context(), after(190))) // a rehearsal, say
	addKey(t, s, "ada", endingKey("mk_40", after(0), after(40)))
	for day := range 45 {
		must(t, scheduler.Tick(t.Context(), after(day)))
	}
	want := []string{
		"mk_40 key.expiring 30", "mk_40 key.expiring 7", "mk_40 key.expiring 1", "mk_40 key.expired", "mk_200 key.expiring 30",
	}
	if diff := cmp.Diff(want, told(t, s)); diff != "" {
		t.Error(diff)
	}
}

// Its notice says that a new key is needed, and not to refresh it.
func TestMailOfAKeyThatEndsForGood(t *testing.T) {
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	key := endingKey("mk_1", noon, after(40))
	addKey(t, s, "ada", key)
	event := expiringEvent(key)
	event.Payload.Notice.ExpiresAt, event.At = after(40), after(33)
	must(t, deliver(t.Context(), s, newMail(t, notify.MailConfig{URL: server.url(), Records: s}), event, event.At))
	got := read(t, server.only(t))
	for _, text := range []string{got.text, got.html} {
		if !strings.Contains(text, "a new key") || strings.Contains(text, "keys refresh") {
			t.Errorf("it does not say that a new key is needed:\n%s", text)
		}
	}
	if want := "expires in 7 days"; !strings.Contains(got.text, want) || !strings.Contains(got.subject, want) {
		t.Errorf("%s\n%s", got.subject, got.text)
	}
}
