package console

import (
	"errors"
	"slices"
	"strings"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

type newKeyForm struct {
	Token   string
	Path    string
	Back    string
	Find    string
	Members []memberChoice
	More    bool
	Label   string
	Scopes  []scopeChoice // of the catalogue
	Admin   []scopeChoice
	PickUp  bool // hand over by link
	Fault   fault
	Nobody  bool // the tenant has no members that match
}

// memberChoice is a user who can be chosen, or why not.
type memberChoice struct {
	ID, Name, Email string
	Keys            int
	Chosen          bool
	WhyNot          string
}

type scopeChoice struct {
	Name    string
	Chosen  bool
	Meaning string
}

const membersShown = 8

func (c *Console) newKeyPage(v *visit) error { return c.showNewKey(v, nil) }

// showNewKey shows the form as it was filled in; the first time with the whole catalogue chosen.
func (c *Console) showNewKey(v *visit, because error) error {
	form := newKeyForm{Path: v.URL.Path, Back: keysPath(v.place.Tenant.ID), Find: strings.TrimSpace(v.Form.Get("find")), Label: v.Form.Get("label"), PickUp: v.Form.Get("hand_over") == "pick-up"}
	if err := c.findMembers(v, &form); err != nil {
		return err
	}
	chosen := v.Form["scope"]
	for _, scope := range c.Service.Catalogue {
		form.Scopes = append(form.Scopes, scopeChoice{Name: scope, Chosen: !v.Form.Has("label") || slices.Contains(chosen, scope)})
	}
	for _, scope := range v.actor.Scopes {
		form.Admin = append(form.Admin, scopeChoice{scope, slices.Contains(chosen, scope), policy.ScopeMeaning(scope)})
	}
	var err error
	if form.Token, err = c.issueFormToken(v); err != nil {
		return err
	}
	if because == nil {
		return c.show(v, "key-new", "Create access key", form)
	}
	form.Fault, _ = formFault(because)
	return c.showStatus(v, because, "key-new", "Create access key", form)
}

func (c *Console) findMembers(v *visit, form *newKeyForm) error {
	members, more, err := c.Service.FindMembers(v.Context(), v.place, form.Find, membersShown)
	if err != nil {
		return err
	}
	if chosen := v.Form.Get("user"); chosen != "" && !slices.ContainsFunc(members, func(m admin.Member) bool { return m.UserID == chosen }) {
		if s, err := c.Store.Subject(v.Context(), v.place.Tenant.ID, chosen); err == nil {
			members = append([]admin.Member{{Membership: s.Membership, User: s.User}}, members...)
		}
	}
	form.More, form.Nobody = more, len(members) == 0
	for _, m := range members {
		live := m.LiveKeys(v.place.Account.Expiration, v.about.At)
		choice := memberChoice{ID: m.UserID, Name: m.User.Name, Email: m.User.Email, Keys: len(live)}
		switch {
		case m.User.Disabled:
			choice.WhyNot = "Disabled users can't have access keys."
		case len(live) >= policy.MaxKeys:
			choice.WhyNot = "Has " + policy.InWords(policy.MaxKeys) +
				" keys already, the most a user can hold in a tenant. Revoke or refresh one of them instead."
		}
		choice.Chosen = choice.WhyNot == "" && m.UserID == v.Form.Get("user")
		form.Members = append(form.Members, choice)
	}
	return nil
}

// createKey answers with the one page that shows the secret.
func (c *Console) createKey(v *visit) error {
	scopes := v.PostForm["scope"]
	if len(scopes) == 0 {
		return c.showNewKey(v, policy.ErrInvalidScope)
	}
	if v.PostForm.Get("user") == "" {
		return c.showNewKey(v, policy.ErrNotMember)
	}
	if err := c.spendFormToken(v); err != nil {
		return c.showUsedForm(v, err)
	}
	wish := admin.NewKey{UserID: v.PostForm.Get("user"), Label: strings.TrimSpace(v.PostForm.Get("label")), Scopes: scopes}
	if v.PostForm.Get("hand_over") == "pick-up" {
		return c.createForPickUp(v, wish)
	}
	key, secret, err := c.Service.CreateKey(v.Context(), v.actor, v.place, wish)
	if _, ok := formFault(err); err != nil && ok {
		return c.showNewKey(v, err)
	}
	if err != nil {
		return err
	}
	return c.showSecret(v, key, secret, "Access key created")
}

// secretPage is the one page that shows a client secret (R3).
type secretPage struct {
	Heading string
	Key     keyRow
	Secret  string
	Tenant  string
	Issuer  string
	Back    string
	Own     bool
	Dropped string // scopes that the key lost at this refresh
}

func (c *Console) showSecret(v *visit, key admin.Key, secret policy.ClientSecret, heading string) error {
	return c.showNewSecret(v, admin.RefreshedKey{Key: key}, secret, heading)
}

func (c *Console) showNewSecret(v *visit, key admin.RefreshedKey, secret policy.ClientSecret, heading string) error {
	if v.PostForm.Has(formToken) {
		if err := c.noteForm(v, key.ClientID); err != nil {
			return err
		}
	}
	page := secretPage{
		Heading: heading, Key: newKeyRow(key.Key, v.place.Account.Expiration, v.about.At), Secret: secret.Reveal(), Tenant: v.place.Tenant.Name, Issuer: c.Issuer,
		Back: keysPath(v.place.Tenant.ID), Own: key.User.ID == v.actor.User.ID, Dropped: strings.Join(key.DroppedScopes, ", "),
	}
	if isOwnPath(v.URL) {
		page.Back = accountPath
	}
	return c.show(v, "secret", heading, page)
}

type usedFormPage struct {
	ClientID string
	Refresh  string
	Back     string
}

// showUsedForm says what became of a form that was sent twice. The secret is gone with the first answer, by design.
func (c *Console) showUsedForm(v *visit, err error) error {
	used, ok := errors.AsType[*formUsedError](err)
	if !ok {
		return err
	}
	page := usedFormPage{ClientID: used.ClientID, Back: keysPath(v.place.Tenant.ID)}
	if isOwnPath(v.URL) {
		page.Back = accountPath
	}
	if used.ClientID != "" {
		page.Refresh = page.Back + "/" + used.ClientID + "/refresh"
		if page.Back == accountPath {
			page.Refresh = accountPath + "/keys/" + used.ClientID + "/refresh"
		}
	}
	return c.showStatus(v, store.ErrConflict, "used-form", "Already sent", page)
}
