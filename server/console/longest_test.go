package console_test

import (
	"strings"

	"mintkey/policy"
	"mintkey/server"
)

// The longest and the oddest texts that the server accepts: without a place to break, from right to left, and of many words.
var (
	unbroken    = strings.Repeat("W", policy.MaxNameLength)
	wordy       = cut(strings.Repeat("perf regression suite of the checkout service, quarterly; ", 4))
	rightToLeft = cut(strings.Repeat("מפתח גישה לבדיקות עומס של שירות התשלומים ", 6))
	arabic      = cut(strings.Repeat("علي رضا محمدي ", 20))
	longAddress = strings.Repeat("x", 64) + "@" + strings.Repeat(strings.Repeat("y", 60)+".", 3) + "example"
)

func cut(text string) string {
	return strings.TrimSpace(string([]rune(text)[:policy.MaxNameLength]))
}

// withLongClientIDs makes client IDs of the greatest length.
func withLongClientIDs(o *server.Options) {
	o.ClientIDPrefix = "mk_" + strings.Repeat("p", policy.MaxClientIDAffixes-3)
}

// stretch gives the longest names to everything that has one. IDs stay, and so do the addresses of those who sign in.
func (h *harness) stretch() {
	h.Helper()
	ctx := h.Context()
	zoe := strings.Repeat("z", 63) // the longest ID
	h.user("acme", zoe, "Zoe")
	h.member("berlin", zoe, policy.RoleMember)
	_, _ = h.key("berlin", zoe, "Zoe", 5)
	names := map[string]string{"ada": unbroken, "tom": arabic, "grace": rightToLeft, "linus": unbroken, "hal": wordy, zoe: unbroken}
	for id, name := range names {
		h.must(policy.CheckName(name))
		h.must(h.store.UpdateUser(ctx, "acme", id, func(u policy.User) (policy.User, []policy.Event, error) {
			u.Name = name
			if id == zoe {
				u.Email = longAddress
			}
			return u, nil, nil
		}))
	}
	h.must(h.store.UpdateAccount(ctx, "acme", func(a policy.Account) (policy.Account, []policy.Event, error) {
		a.Name = unbroken
		return a, nil, nil
	}))
	for id, name := range map[string]string{"berlin": unbroken, "lisbon": rightToLeft, "oslo": wordy} {
		h.must(h.store.UpdateTenant(ctx, id, func(t policy.Tenant) (policy.Tenant, []policy.Event, error) {
			t.Name, t.NoticeAddresses = name, []string{longAddress, "ops@acme.example"}
			return t, nil, nil
		}))
		for user := range names {
			h.stretchKeys(id, user)
		}
	}
}

func (h *harness) stretchKeys(tenant, user string) {
	h.Helper()
	if m, err := h.store.Membership(h.Context(), tenant, user); err != nil || len(m.Keys) == 0 {
		return
	}
	texts := []string{unbroken, rightToLeft}
	if user == "ada" {
		texts = []string{wordy, arabic}
	}
	h.must(h.store.UpdateMembership(h.Context(), tenant, user, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		for i := range m.Keys {
			m.Keys[i].Label = texts[i%2]
			if !m.Keys[i].Suspended.At.IsZero() {
				m.Keys[i].Suspended.Reason = unbroken
			}
		}
		return m, nil, nil
	}))
}
