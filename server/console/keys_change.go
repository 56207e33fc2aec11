package console

import (
	"errors"
	"strconv"
	"time"

	"mintkey/admin"
	"mintkey/policy"
)

// changePage is the form that refreshes or revokes one key.
type changePage struct {
	Token    string
	Path     string
	Back     string
	Key      keyRow
	Own      bool
	Overlaps []overlap
	Fault    fault
}

// overlap is how long the old secret can go on working.
type overlap struct {
	Seconds int
	Label   string
	Chosen  bool
}

func overlaps(chosen string) []overlap {
	all := []overlap{
		{0, "Stop at once", false},
		{int(time.Hour / time.Second), "Keep for 1 hour", false},
		{int(policy.Day / time.Second), "Keep for 1 day", false},
		{int(policy.MaxOverlap / time.Second), "Keep for " + policy.InDays(policy.MaxOverlap), false},
	}
	for i := range all {
		all[i].Chosen = strconv.Itoa(all[i].Seconds) == chosen || chosen == "" && i == 0
	}
	return all
}

const refreshTemplate = "key-refresh"

func (c *Console) refreshPage(v *visit) error {
	return c.showChange(v, refreshTemplate, "Refresh access key", nil)
}

func (c *Console) revokePage(v *visit) error {
	return c.showChange(v, "key-revoke", "Revoke access key", nil)
}

// showChange asks for confirmation and names the key.
func (c *Console) showChange(v *visit, name, title string, because error) error {
	key, err := c.Service.Key(v.Context(), v.actor, v.place, v.PathValue("client_id"))
	if err != nil {
		return err
	}
	return c.showChangeOf(v, key, name, title, because)
}

func (c *Console) showChangeOf(v *visit, key admin.Key, name, title string, because error) error {
	page := changePage{
		Path: v.URL.Path, Back: keysPath(v.place.Tenant.ID), Key: newKeyRow(key, v.place.Account.Expiration, v.about.At),
		Own: key.User.ID == v.actor.User.ID, Overlaps: overlaps(v.Form.Get("overlap")),
	}
	if sectionOf(v.URL.Path) == "account" {
		page.Back = accountPath
	}
	if name == refreshTemplate { // a second revoke changes nothing, a second refresh would
		var err error
		if page.Token, err = c.issueFormToken(v); err != nil {
			return err
		}
	}
	if because == nil {
		return c.show(v, name, title, page)
	}
	page.Fault, _ = formFault(because)
	return c.showStatus(v, because, name, title, page)
}

func (c *Console) refreshKey(v *visit) error {
	how, err := v.refreshRequest()
	if err != nil {
		return c.showChange(v, refreshTemplate, "Refresh access key", err)
	}
	if err := c.spendFormToken(v); err != nil {
		return c.showUsedForm(v, err)
	}
	key, secret, err := c.Service.RefreshKey(v.Context(), v.actor, v.place, v.PathValue("client_id"), how)
	if errors.Is(err, policy.ErrNotGrantable) || errors.Is(err, policy.ErrKeyExpired) || errors.Is(err, policy.ErrScopeAboveOwner) {
		return c.showChange(v, refreshTemplate, "Refresh access key", err)
	}
	if err != nil {
		return err
	}
	return c.showNewSecret(v, key, secret, "Access key refreshed")
}

func (v *visit) refreshRequest() (admin.RefreshRequest, error) {
	seconds, err := strconv.ParseInt(v.PostForm.Get("overlap"), 10, 32)
	if err != nil || seconds < 0 {
		return admin.RefreshRequest{}, policy.ErrInvalidOverlap
	}
	return admin.RefreshRequest{Overlap: time.Duration(seconds) * time.Second}, nil
}

func (c *Console) revokeKey(v *visit) error {
	key, err := c.Service.Key(v.Context(), v.actor, v.place, v.PathValue("client_id"))
	if err != nil {
		return err
	}
	if err := c.Service.RevokeKey(v.Context(), v.actor, v.place, key.ClientID); err != nil {
		return err
	}
	c.tell(v, "Revoked "+key.ClientID+" of "+key.User.Name+". It makes no more tokens; gateways drop the ones it made within seconds.")
	return v.redirect(keysPath(v.place.Tenant.ID))
}
