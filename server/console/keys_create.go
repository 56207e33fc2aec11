package console

import (
	"errors"
	"slices"
	"strings"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// memberForm is a form in which a member of the tenant is chosen.
type memberForm struct {
	Path    string
	Find    string
	Members []memberChoice
	More    bool
	Nobody  bool // no member of the tenant matches
	Fault   fault
}

type newKeyForm struct {
	memberForm

	Token  string
	Back   string
	Label  string
	Scopes []scopeChoice // of the catalogue
	Admin  []scopeChoice
	Limits limitsForm
	PickUp bool // deliver by a pick-up link
}

// memberChoice is a member in the list; WhyNot gives the reason if they can't be chosen.
type memberChoice struct {
	ID, Name, Email string
	Robot           bool
	Keys            int
	Chosen          bool
	WhyNot          string
}

type scopeChoice struct {
	Name    string
	Chosen  bool
	Meaning string
}

// Of the members that match, a form shows some who can have a key and some who can't. To find the former it looks at so many at once, a few
// times.
const (
	membersShown  = 8
	membersRead   = 3 * membersShown
	membersRounds = 10
)

func (c *Console) newKeyPage(req *request) error { return c.showNewKey(req, nil) }

// showNewKey shows the form with its current values; at first, every scope of the catalogue is selected.
func (c *Console) showNewKey(req *request, cause error) error {
	form := newKeyForm{
		Back:  keysPath(req.in.Tenant.ID),
		Label: req.Form.Get("label"), PickUp: req.Form.Get("hand_over") == "pick-up",
	}
	var err error
	if form.memberForm, err = c.findMembers(req); err != nil {
		return err
	}
	if cause != nil {
		form.Fault, _ = formFault(cause)
	}
	form.Limits = c.limitsTyped(req, nil, form.Fault)
	chosen := req.Form["scope"]
	for _, scope := range c.Service.Catalogue {
		form.Scopes = append(form.Scopes, scopeChoice{Name: scope, Chosen: !req.Form.Has("label") || slices.Contains(chosen, scope)})
	}
	for _, scope := range req.actor.Scopes {
		form.Admin = append(form.Admin, scopeChoice{scope, slices.Contains(chosen, scope), policy.ScopeMeaning(scope)})
	}
	if form.Token, err = c.issueFormToken(req); err != nil {
		return err
	}
	if cause == nil {
		return c.show(req, "key-new", "Create access key", form)
	}
	return c.showStatus(req, cause, "key-new", "Create access key", form)
}

// finding says whether the form was sent to find members, by the button or by Enter in the field. It is sent like the rest, so that nothing
// of it gets into the address.
func (req *request) finding() bool { return req.PostForm.Get("do") == "find" }

// findMembers lists members to choose from: those who can have a key, then those who can't and why (R2).
func (c *Console) findMembers(req *request) (memberForm, error) {
	form := memberForm{Path: req.URL.Path, Find: strings.TrimSpace(req.Form.Get("find"))}
	var full []memberChoice
	hidden, more := false, true
	add := func(m admin.Member) {
		choice := newMemberChoice(m, req)
		switch {
		case choice.WhyNot != "" && len(full) < membersShown:
			full = append(full, choice)
		case choice.WhyNot != "" || len(form.Members) == membersShown:
			hidden = true
		default:
			form.Members = append(form.Members, choice)
		}
	}
	chosen := req.Form.Get("user")
	if s, err := c.Store.Subject(req.Context(), req.in.Tenant.ID, chosen); err == nil && chosen != "" {
		add(admin.Member{Membership: s.Membership, User: s.User})
	}
	page := store.Page{Limit: membersRead}
	for round := 0; more && round < membersRounds && len(form.Members) < membersShown; round++ {
		var members []admin.Member
		var err error
		if members, more, err = c.Service.FindMembers(req.Context(), req.in, form.Find, page); err != nil {
			return form, err
		}
		for _, m := range members {
			if m.UserID != chosen {
				add(m)
			}
			page.After = m.UserID
		}
	}
	form.Members = append(form.Members, full...)
	form.More, form.Nobody = more || hidden, len(form.Members) == 0
	return form, nil
}

func newMemberChoice(m admin.Member, req *request) memberChoice {
	live := m.LiveKeys(req.in.Account.Expiration, req.info.At)
	choice := memberChoice{ID: m.UserID, Name: m.User.Name, Email: m.User.Email, Robot: m.User.IsRobot(), Keys: len(live)}
	switch {
	case m.User.Disabled:
		choice.WhyNot = "Disabled users can't have access keys."
	case len(live) >= policy.MaxKeys:
		choice.WhyNot = "Has " + policy.InWords(policy.MaxKeys) +
			" keys already, the most a user can hold in a tenant. Revoke or refresh one of them instead."
	}
	choice.Chosen = choice.WhyNot == "" && m.UserID == req.Form.Get("user")
	return choice
}

// createKey answers with the page that shows the secret.
func (c *Console) createKey(req *request) error {
	if req.finding() {
		return c.showNewKey(req, nil)
	}
	scopes := req.PostForm["scope"]
	if len(scopes) == 0 {
		return c.showNewKey(req, policy.ErrInvalidScope)
	}
	if req.PostForm.Get("user") == "" {
		return c.showNewKey(req, policy.ErrNotMember)
	}
	limits, err := req.limits(policy.AccessKey{})
	if err == nil {
		err = limits.Check(c.Service.Audiences, c.Service.TokenLifetime, req.info.At)
	}
	if err != nil {
		return c.showNewKey(req, err)
	}
	if err := c.spendFormToken(req); err != nil {
		return c.showUsedForm(req, err)
	}
	input := admin.NewKey{
		UserID: req.PostForm.Get("user"), Label: strings.TrimSpace(req.PostForm.Get("label")), Scopes: scopes,
		AllowedNetworks: orZero(limits.AllowedNetworks), Audiences: orZero(limits.Audiences), ExpiresAt: orZero(limits.ExpiresAt),
		TokenLifetimeSeconds: orZero(limits.TokenLifetimeSeconds), TokensPerMinute: orZero(limits.TokensPerMinute),
	}
	if req.PostForm.Get("hand_over") == "pick-up" {
		return c.createForPickUp(req, input)
	}
	key, secret, err := c.Service.CreateKey(req.Context(), req.actor, req.in, input)
	if _, ok := formFault(err); err != nil && ok {
		return c.showNewKey(req, err)
	}
	if err != nil {
		return err
	}
	return c.showSecret(req, admin.RefreshedKey{Key: key}, secret, "Access key created")
}

// secretPage is the only page that shows a client secret (R3).
type secretPage struct {
	Heading     string
	Key         keyRow
	Secret      string
	Tenant      string
	Issuer      string
	Back        string
	Own         bool
	Dropped     string // scopes that the key lost at this refresh
	Unconfirmed bool   // by a replica of the store
	Endpoint    string // of tokens, to try the secret at; empty if a page of the console may not ask it
}

// tokenEndpoint is where a page of the console can ask for a token: the Content-Security-Policy lets it ask its own origin only.
func (c *Console) tokenEndpoint() string {
	if origin(c.Issuer) != origin(c.URL) {
		return ""
	}
	return c.Issuer + "/oauth2/token"
}

func (c *Console) showSecret(req *request, key admin.RefreshedKey, secret policy.ClientSecret, heading string) error {
	if req.PostForm.Has(formToken) {
		if err := c.noteForm(req, key.ClientID); err != nil {
			return err
		}
	}
	page := secretPage{
		Heading: heading, Key: newKeyRow(key.Key, req.in.Account.Expiration, req.info.At), Secret: secret.Reveal(),
		Tenant: req.in.Tenant.Name, Issuer: c.Issuer, Back: keysPath(req.in.Tenant.ID), Own: key.User.ID == req.actor.User.ID,
		Dropped: strings.Join(key.DroppedScopes, ", "), Unconfirmed: key.Unconfirmed, Endpoint: c.tokenEndpoint(),
	}
	if isOwnPath(req.URL) {
		page.Back, page.Key.Path = accountPath, ownKeyPath(key.ClientID)
	}
	return c.show(req, "secret", heading, page)
}

type usedFormPage struct {
	ClientID string
	Refresh  string
	Back     string
}

// showUsedForm explains what the first submission of the form did. The secret was in that response only, by design.
func (c *Console) showUsedForm(req *request, err error) error {
	used, ok := errors.AsType[*formUsedError](err)
	if !ok {
		return err
	}
	page := usedFormPage{ClientID: used.ClientID, Back: keysPath(req.in.Tenant.ID)}
	if isOwnPath(req.URL) {
		page.Back = accountPath
	}
	if used.ClientID != "" {
		page.Refresh = page.Back + "/" + used.ClientID + "/refresh"
		if page.Back == accountPath {
			page.Refresh = accountPath + "/keys/" + used.ClientID + "/refresh"
		}
	}
	return c.showStatus(req, store.ErrConflict, "used-form", "Already sent", page)
}

// orZero is what a pointer leads to, or nothing.
func orZero[T any](p *T) (value T) {
	if p != nil {
		value = *p
	}
	return value
}
