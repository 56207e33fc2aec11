package console

import (
	"context"
	"net/url"

	"mintkey/admin"
	"mintkey/policy"
)

// keyPage is all that there is to know of one access key.
type keyPage struct {
	Own       bool // shown to its owner, under My account
	CanChange bool
	Back      string
	Key       keyRow
	Tenant    string
	UserPath  string // empty for those who can't open it
	Scopes    []scopeChoice
	OwnEnd    stamp
	Networks  []string
	Audiences []string
	Lifetime  string
	Secrets   []secretRow
	Why       string // it expires when it does
	Steps     []expiryStep
	Notices   []stamp
	Remarks   []string
	Traffic   keyTraffic
	History   history
}

// secretRow is one of the secrets of a key, without the secret.
type secretRow struct {
	Old    bool
	Made   stamp
	Ends   stamp // zero for the present secret
	Used   stamp
	Latest bool // the last access was with this one
}

// expiryStep is what one revision of the policy did to the expiry.
type expiryStep struct {
	Text    string
	Expires stamp
}

// keyTraffic is what a key asked for in the last 30 days.
type keyTraffic struct {
	Chart           chart
	Issued, Refused string
	Share           string // of the refused ones
	Any             bool
	Reasons         []reasonRow
	Path            string // of the page with more; empty for those who can't open it
}

func (c *Console) keyPage(req *request) error {
	key, err := c.Service.Key(req.Context(), req.actor, req.in, req.PathValue("client_id"))
	if err != nil {
		return err
	}
	page := keyPage{Back: req.backToKeys(), CanChange: req.actor.Require(policy.ScopeKeysWrite) == nil}
	if req.actor.Require(policy.ScopeUsersWrite) == nil {
		page.UserPath = usersPath + "/" + url.PathEscape(key.User.ID)
	}
	page.Traffic.Path = trafficFilter{Range: string(admin.TrafficMonth), Key: key.ClientID, base: tenantTrafficPath(req.in.Tenant.ID)}.path("")
	return c.showKey(req, key, page)
}

func (c *Console) ownKeyPage(req *request) error {
	key, err := c.ownKey(req)
	if err != nil {
		return err
	}
	return c.showKey(req, key, keyPage{Back: accountPath, Own: true, CanChange: true})
}

func (c *Console) showKey(req *request, key admin.Key, page keyPage) error {
	now, expiration := req.info.At, req.in.Account.Expiration
	page.Key, page.Tenant = newKeyRow(key, expiration, now), req.in.Tenant.Name
	if page.Own {
		page.Key.Path = ownKeyPath(key.ClientID)
	} else {
		page.Key.Return = req.list().asReturn()
	}
	suspenders, err := c.suspenders(req, func(yield func(policy.Suspension)) { yield(key.Suspended) })
	if err != nil {
		return err
	}
	page.Key.Why = whySuspended(key.AccessKey, suspenders)
	for _, scope := range key.Scopes {
		page.Scopes = append(page.Scopes, scopeChoice{Name: scope, Meaning: policy.ScopeMeaning(scope)})
	}
	page.Networks, page.Audiences, page.OwnEnd = key.AllowedNetworks, key.Audiences, newStamp(key.ExpiresAt, now)
	if key.TokenLifetimeSeconds > 0 {
		page.Lifetime = plural(key.TokenLifetimeSeconds, "second")
	}
	page.Secrets = secretRows(key, expiration, req)
	page.Remarks = remarks(page.Key.Marks)
	page.Why = key.ExpiryInWords(expiration, now)
	for _, step := range expiration.Explain(key.SecretIssuedAt()) {
		page.Steps = append(page.Steps, expiryStep{step.InWords(), newStamp(step.ExpiresAt, now)})
	}
	if expiry := key.Expiry(expiration); !expiry.IsZero() && !policy.Expired(expiry, now) {
		for _, days := range policy.NoticeDays() {
			page.Notices = append(page.Notices, newStamp(policy.NoticeTime(expiry, days), now))
		}
	}
	if page.Traffic, err = c.keyTraffic(req.Context(), req, key.ClientID, page.Traffic); err != nil {
		return err
	}
	if page.History, err = c.keyHistory(req, key.ClientID, page.Key.Path); err != nil {
		return err
	}
	return c.show(req, "key", page.Key.Name(), page)
}

// secretRows are the secrets that work, the newest first, with the last use of each.
func secretRows(key admin.Key, p policy.ExpirationPolicy, req *request) []secretRow {
	now := req.info.At
	var rows []secretRow
	for i, secret := range key.Secrets {
		if old, ok := key.Overlap(p, now); i > 0 && (!ok || !old.IssuedAt.Equal(secret.IssuedAt)) {
			continue
		}
		used := key.LastAccess.OfSecret(secret.IssuedAt)
		rows = append(rows, secretRow{
			Old: i > 0, Made: newStamp(secret.IssuedAt, now), Ends: newStamp(secret.Ends(p), now), Used: newStamp(used, now),
			Latest: !used.IsZero() && used.Unix() == key.LastAccess.At.Unix(),
		})
	}
	return rows
}

// remarks says what the marks of a key mean.
func remarks(marks []policy.Mark) []string {
	var texts []string
	for _, mark := range marks {
		switch mark {
		case policy.MarkUnused:
			texts = append(texts, "Unused: nobody has used it for "+policy.InDays(policy.UnusedAfter)+". If nobody needs it, revoke it.")
		case policy.MarkOld:
			texts = append(texts, "Old: its secret was made more than "+policy.InDays(policy.OldAfter)+" ago, and no policy ends it. Refresh it.")
		case policy.MarkStale:
			texts = append(texts, "Stale: its secret was made more than "+policy.InDays(policy.StaleAfter)+" ago.")
		}
	}
	return texts
}

func (c *Console) keyTraffic(ctx context.Context, req *request, clientID string, shown keyTraffic) (keyTraffic, error) {
	report, err := c.Service.Traffic(ctx, req.actor, req.in, admin.TrafficFilter{
		Range: admin.TrafficMonth, TenantID: req.in.Tenant.ID, ClientID: clientID,
	})
	if err != nil {
		return shown, err
	}
	total := report.Total
	shown.Chart, shown.Reasons, shown.Any = trafficChart(report, trafficWords(admin.TrafficMonth)), reasonRows(total), total.Total() > 0
	shown.Issued, shown.Refused, shown.Share = counted(total.Issued()), counted(total.Refused()), share(total.Refused(), total.Total())
	return shown, nil
}

// ownKeyPath is the page of one's own key.
func ownKeyPath(clientID string) string { return accountPath + "/keys/" + url.PathEscape(clientID) }
