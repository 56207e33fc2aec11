package console

import (
	"slices"
	"strings"
	"time"

	"mintkey/admin"
	"mintkey/policy"
)

// keyRow is an access key as the pages show it.
type keyRow struct {
	ClientID   string
	Label      string
	User       string
	Email      string
	UserID     string
	Tenant     string
	Scopes     []string
	Quota      string // in words; empty for none
	Limits     []string
	Limited    string // the same with numbers only, as there is little room in a list
	Created    stamp
	Age        string
	SecretAge  string // of the present secret, where a refresh has made it; empty for one as old as the key
	LastAccess stamp
	Expires    stamp
	Expired    bool
	ForGood    bool // it has an end of its own, which no refresh moves
	Soon       bool // expires within policy.SoonDays
	Urgent     bool // expires within policy.UrgentDays
	Marks      []policy.Mark
	Waiting    bool // not yet picked up by its owner
	Suspended  bool
	Leaked     bool   // so that it can be refreshed, and not be resumed
	Why        string // it is suspended, since when and by whom
	OwnStop    bool   // the owner themselves suspended it
	OldSecret  stamp  // when the overlap ends; zero without one
	// OldSecretUsed is when the old secret of the overlap was last used.
	OldSecretUsed stamp
	LastAddress   string // where the last access came from; empty if that is not known
	Path          string // of the key; the paths of its actions start with it
	Return        string // the query for these paths that leads back to the list as it is
}

func newKeyRow(k admin.Key, p policy.ExpirationPolicy, now time.Time) keyRow {
	expiry := k.Expiry(p)
	within := func(days int) bool {
		return !policy.Expired(expiry, now) && policy.ExpiresWithin(expiry, now, days)
	}
	row := keyRow{
		ClientID: k.ClientID, Label: k.Label, User: k.User.Name, Email: k.User.Email, UserID: k.User.ID, Scopes: k.Scopes,
		Quota: quotaText(k.TokensPerMinute), Limits: limitWords(k.AccessKey), Limited: limitCounts(k.AccessKey), ForGood: k.EndsForGood(p),
		Created: newStamp(k.CreatedAt, now), Age: durationText(now.Sub(k.CreatedAt)), LastAccess: newStamp(k.LastAccess.At, now),
		Expires: newStamp(expiry, now), Expired: policy.Expired(expiry, now), Soon: within(policy.SoonDays), Urgent: within(policy.UrgentDays),
		Marks: k.Marks(k.LastAccess.At, p, now), Waiting: len(k.Secrets) == 0, Suspended: k.IsSuspended(),
		Leaked: k.Leaked,
		Path:   keysPath(k.Membership.TenantID, k.ClientID),
	}
	row.OwnStop = row.Suspended && k.Suspended.By == k.User.ID
	row.LastAddress = k.LastAccess.Address
	if issued := k.SecretIssuedAt(); issued.After(k.CreatedAt) {
		row.SecretAge = durationText(now.Sub(issued))
	}
	if old, ok := k.Overlap(p, now); ok {
		row.OldSecret, row.OldSecretUsed = newStamp(old.EndsAt, now), newStamp(k.LastAccess.OfSecret(old.IssuedAt), now)
	}
	return row
}

// Status says in a word or two whether the key works.
func (r keyRow) Status() string {
	switch {
	case r.Expired:
		return "Expired"
	case r.Leaked:
		return "Leaked"
	case r.Suspended:
		return "Suspended"
	case r.Waiting:
		return "Waiting for pick-up"
	case r.Urgent, r.Soon:
		return "Expiring"
	default:
		return "Active"
	}
}

// Unused reports whether the key is marked as unused.
func (r keyRow) Unused() bool { return slices.Contains(r.Marks, policy.MarkUnused) }

// Old reports whether the key is older than is good, and no policy ends it.
func (r keyRow) Old() bool { return slices.Contains(r.Marks, policy.MarkOld) }

// Stale reports whether it is very old.
func (r keyRow) Stale() bool { return slices.Contains(r.Marks, policy.MarkStale) }

// OnlyMarked reports whether the key works and the marks say it better: "Active" beside "Unused" would contradict itself.
func (r keyRow) OnlyMarked() bool { return r.Status() == "Active" && (r.Unused() || r.Old()) }

// Name is the label, or the client ID of a key without one.
func (r keyRow) Name() string {
	if r.Label != "" {
		return r.Label
	}
	return r.ClientID
}

// ScopeText lists the scopes on one line.
func (r keyRow) ScopeText() string { return strings.Join(r.Scopes, " ") }
