package console

import (
	"errors"
	"strconv"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// changePage is the form that refreshes or revokes one key.
type changePage struct {
	Token    string
	Path     string
	Back     string
	Key      keyRow
	Own      bool
	Overlaps []overlap
	Renewed  stamp  // when it expires once it is refreshed
	Reason   string // for a suspension, as it was typed
	Fault    fault
}

// overlap is how long the old secret can go on working.
type overlap struct {
	Seconds int
	Label   string
	Chosen  bool
}

// overlaps are those that the key can be refreshed with: none if its secret has leaked.
func overlaps(key policy.AccessKey, chosen string) []overlap {
	all := []overlap{
		{0, "Stop at once", false},
		{int(time.Hour / time.Second), "Keep for 1 hour", false},
		{int(policy.Day / time.Second), "Keep for 1 day", false},
		{int(policy.MaxOverlap / time.Second), "Keep for " + policy.InDays(policy.MaxOverlap), false},
	}
	if key.Leaked {
		all = all[:1]
	}
	for i := range all {
		all[i].Chosen = strconv.Itoa(all[i].Seconds) == chosen || chosen == "" && i == 0
	}
	return all
}

const (
	refreshTemplate   = "key-refresh"
	keyRevokeTemplate = "key-revoke"
)

func (c *Console) refreshPage(req *request) error {
	return c.showChange(req, refreshTemplate, "Refresh access key", nil)
}

func (c *Console) revokePage(req *request) error {
	return c.showChange(req, keyRevokeTemplate, "Revoke access key", nil)
}

// showChange asks for confirmation and names the key.
func (c *Console) showChange(req *request, name, title string, cause error) error {
	key, err := c.Service.Key(req.Context(), req.actor, req.in, req.PathValue("client_id"))
	if err != nil {
		return err
	}
	return c.showChangeOf(req, key, name, title, cause)
}

func (c *Console) showChangeOf(req *request, key admin.Key, name, title string, cause error) error {
	page := changePage{
		Path: req.URL.Path + req.list().asReturn(), Back: req.backToKeys(), Key: newKeyRow(key, req.in.Account.Expiration, req.info.At),
		Own: key.User.ID == req.actor.User.ID, Overlaps: overlaps(key.AccessKey, req.Form.Get("overlap")), Reason: req.Form.Get("reason"),
	}
	page.Renewed = newStamp(policy.Earlier(req.in.Account.Expiration.Expiry(req.info.At), key.ExpiresAt), req.info.At)
	if sectionOf(req.URL.Path) == "account" {
		page.Back = accountPath
	}
	if name == refreshTemplate { // revoking twice changes nothing; refreshing twice would replace the new secret
		var err error
		if page.Token, err = c.issueFormToken(req); err != nil {
			return err
		}
	}
	if cause == nil {
		return c.show(req, name, title, page)
	}
	page.Fault, _ = formFault(cause)
	return c.showStatus(req, cause, name, title, page)
}

func (c *Console) refreshKey(req *request) error {
	how, err := req.refreshRequest()
	if err != nil {
		return c.showChange(req, refreshTemplate, "Refresh access key", err)
	}
	if err := c.spendFormToken(req); err != nil {
		return c.showUsedForm(req, err)
	}
	key, secret, err := c.Service.RefreshKey(req.Context(), req.actor, req.in, req.PathValue("client_id"), how)
	if errors.Is(err, policy.ErrNotGrantable) || errors.Is(err, policy.ErrKeyExpired) || errors.Is(err, policy.ErrScopeAboveOwner) ||
		errors.Is(err, policy.ErrRefreshRequired) {
		return c.showChange(req, refreshTemplate, "Refresh access key", err)
	}
	if err != nil {
		return err
	}
	return c.showSecret(req, key, secret, "Access key refreshed")
}

func (req *request) refreshRequest() (admin.RefreshRequest, error) {
	seconds, err := strconv.ParseInt(req.PostForm.Get("overlap"), 10, 32)
	if err != nil || seconds < 0 {
		return admin.RefreshRequest{}, policy.ErrInvalidOverlap
	}
	return admin.RefreshRequest{Overlap: time.Duration(seconds) * time.Second}, nil
}

func (c *Console) revokeKey(req *request) error {
	if !req.saidYes() {
		return c.revokePage(req)
	}
	clientID := req.PathValue("client_id")
	what := clientID
	key, err := c.Service.Key(req.Context(), req.actor, req.in, clientID)
	switch {
	case err == nil:
		what += " of " + key.User.Name
	case !errors.Is(err, store.ErrNotFound): // one that is gone may be the repeat of a revocation whose answer was an error
		return err
	}
	if err := c.Service.RevokeKey(req.Context(), req.actor, req.in, clientID, admin.IfMatch{}); err != nil {
		return err
	}
	c.flash(req, "Revoked "+what+". It makes no more tokens; gateways drop the ones it made within seconds.")
	return req.redirect(req.backToKeys())
}
