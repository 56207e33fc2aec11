package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/server/api"
)

// endingWords says of access keys that will end how many they are, when one was last used, and whether the key in use is among them.
func (a *asker) endingWords(server *client, keys []api.Key) string {
	var latest api.Key
	own := false
	var text strings.Builder
	for i, key := range keys {
		if key.LastAccessAt != nil && (latest.LastAccessAt == nil || key.LastAccessAt.After(*latest.LastAccessAt)) {
			latest = key
		}
		own = own || key.ClientID == server.claims.ClientID
		if i < manyThings {
			_, _ = fmt.Fprintf(&text, "  %s\n", a.keyWords(key))
		}
	}
	if more := len(keys) - manyThings; more > 0 {
		_, _ = fmt.Fprintf(&text, "  and %d more\n", more)
	}
	if len(keys) > 1 && latest.LastAccessAt != nil {
		_, _ = fmt.Fprintf(&text, "One was last used %s, %s.\n", inWords(*latest.LastAccessAt, a.clock()), latest.ClientID)
	}
	if own {
		text.WriteString("This is the access key that you are using, or among them: mintkey needs another one afterwards.\n")
	}
	return text.String()
}

// keyWords describes a key in one line.
func (a *asker) keyWords(key api.Key) string {
	used := "never used"
	if key.LastAccessAt != nil {
		used = "last used " + inWords(*key.LastAccessAt, a.clock())
	}
	label := ""
	if key.Label != "" {
		label = fmt.Sprintf(" %q", key.Label)
	}
	return fmt.Sprintf("%s%s of %s: %s, %s", key.ClientID, label, key.UserName, key.Status, used)
}

// beforeRevoking asks before the named keys are revoked.
func (a *asker) beforeRevoking(ctx context.Context, server *client, f *keysFlags, clientIDs []string) error {
	if !a.asks() {
		return nil
	}
	var keys []api.Key
	if f.mine { // one's own are a list only
		own, err := readAll[api.Key](ctx, server, server.keysPath(f), url.Values{})
		if err != nil {
			return err
		}
		keys = slices.DeleteFunc(own, func(key api.Key) bool { return !slices.Contains(clientIDs, key.ClientID) })
		return a.confirmEnd(ctx, server, keys, f.tenant)
	}
	for _, id := range clientIDs {
		key, err := readOne[api.Key](ctx, server, server.keysPath(f, id))
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	return a.confirmEnd(ctx, server, keys, f.tenant)
}

// confirmEnd asks before access keys are revoked. For many, the tenant's ID has to be typed.
func (a *asker) confirmEnd(ctx context.Context, server *client, keys []api.Key, tenant string) error {
	words := fmt.Sprintf("Revoke %s for good? They get no more tokens, and those that they have stop working within seconds.\n%s",
		count(len(keys), "access key"), a.endingWords(server, keys))
	return a.confirm(ctx, words, nameIfMany(len(keys), cmp.Or(tenant, server.claims.TenantID)))
}

// beforeRemoval asks before a user stops being a member of a tenant.
func (a *asker) beforeRemoval(ctx context.Context, server *client, tenant, user string) error {
	if !a.asks() {
		return nil
	}
	keys, err := readAll[api.Key](ctx, server, server.keysPath(&keysFlags{tenant: tenant}), url.Values{"user_id": {user}})
	if err != nil && !isRefusal(err, "insufficient_scope") {
		return err
	}
	who := user
	if user == server.claims.UserID {
		who += ", which is you,"
	}
	words := fmt.Sprintf("Remove %s from the tenant? This revokes for good: %s\n%s", who, count(len(keys), "access key"),
		a.endingWords(server, keys))
	return a.confirm(ctx, words, nameIfMany(len(keys), user))
}

// beforeEndOfUser asks before all access keys of a user stop.
func (a *asker) beforeEndOfUser(ctx context.Context, server *client, account, user, question string) error {
	if !a.asks() {
		return nil
	}
	keys, err := readAll[api.Key](ctx, server, server.accountPath(account, "users", user, "keys"), url.Values{})
	if err != nil {
		return err
	}
	if user == server.claims.UserID {
		question = "This is you. " + question
	}
	words := fmt.Sprintf("%s %s\n%s", question, count(len(keys), "access key"), a.endingWords(server, keys))
	return a.confirm(ctx, words, nameIfMany(len(keys), user))
}

// beforeSuspending asks before all access keys of a tenant stop.
func (a *asker) beforeSuspending(ctx context.Context, server *client, tenant string) error {
	if !a.asks() {
		return nil
	}
	query := url.Values{"status": {string(policy.StatusActive)}}
	keys, err := readAll[api.Key](ctx, server, server.keysPath(&keysFlags{tenant: tenant}), query)
	if err != nil {
		return err
	}
	its, err := readOne[api.Tenant](ctx, server, server.tenantPath(tenant))
	if err != nil {
		return err
	}
	passwords := ""
	if its.PasswordGrant {
		passwords = "Its users get no tokens for their passwords either.\n"
	}
	words := fmt.Sprintf("Suspend tenant %s? Until it is resumed these stop, and all its sessions end: %s\n%s%s", tenant,
		count(len(keys), "access key"), a.endingWords(server, keys), passwords)
	return a.confirm(ctx, words, nameIfMany(len(keys), tenant))
}

// nameIfMany is the name to type before many things end.
func nameIfMany(n int, name string) string {
	if n > manyThings {
		return name
	}
	return ""
}

// policyWords says whom a change of the policy hits: how many keys, and which of them is the first to expire. It does harm if a key
// expires earlier, or if keys never do any more.
func (a *asker) policyWords(affected []api.AffectedKey, wanted *change) (words string, harms bool) {
	what := fmt.Sprintf("expire %d days after their secret was made", wanted.days)
	if wanted.off {
		what = "never expire"
	}
	words = fmt.Sprintf("Access keys will %s. This moves the expiry of %s.", what, count(len(affected), "access key"))
	sooner := 0
	var first *time.Time
	for _, key := range affected {
		if key.ExpiresAtAfter == nil {
			continue
		}
		if key.ExpiresAtBefore == nil || key.ExpiresAtAfter.Before(*key.ExpiresAtBefore) {
			sooner++
		}
		if first == nil || key.ExpiresAtAfter.Before(*first) {
			first = key.ExpiresAtAfter
		}
	}
	if sooner > 0 {
		words += fmt.Sprintf(" Earlier than now: %d; the first expires %s, on %s.", sooner, inWords(*first, a.clock()), showTime(first))
	}
	return words, sooner > 0 || wanted.off
}
