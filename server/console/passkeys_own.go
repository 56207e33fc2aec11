package console

import (
	"errors"
	"net/url"
	"strings"

	"mintkey/policy"
	"mintkey/server/console/passkeys"
)

// ownPasskeys is the visitor's second factor on My account.
type ownPasskeys struct {
	Rows      []passkeyRow
	CodesLeft string
	CanAdd    bool
	Why       string // nobody can have a passkey here; empty if they can
}

type passkeyRow struct {
	Name              string
	Created, LastUsed stamp
	Path              string
}

func (c *Console) ownPasskeys(req *request) ownPasskeys {
	user := req.actor.User
	own := ownPasskeys{CodesLeft: codesLeftText(len(user.RecoveryCodes)), CanAdd: len(user.Passkeys) < policy.MaxPasskeys}
	if c.passkeys == nil {
		own.Why = c.noPasskeysHere()
	}
	for _, p := range user.Passkeys {
		own.Rows = append(own.Rows, newPasskeyRow(p, req))
	}
	return own
}

func newPasskeyRow(p policy.Passkey, req *request) passkeyRow {
	return passkeyRow{
		Name: p.Name, Created: newStamp(p.CreatedAt, req.info.At), LastUsed: newStamp(p.LastUsedAt, req.info.At),
		Path: ownPasskeysPath + "/" + url.PathEscape(p.ID),
	}
}

func codesLeftText(n int) string {
	switch n {
	case 0:
		return "No recovery code is left."
	case 1:
		return "One recovery code is left."
	default:
		return plural(n, "recovery code") + " are left."
	}
}

type newPasskeyForm struct {
	Required bool // the account requires it, and no other page opens before
	Why      string
	Ceremony ceremonyForm
	Name     string
	Fault    fault
}

func (c *Console) newPasskeyPage(req *request) error { return c.showNewPasskey(req, nil) }

func (c *Console) showNewPasskey(req *request, cause error) error {
	required, err := c.mustRegister(req)
	if err != nil {
		return err
	}
	form := newPasskeyForm{Required: required, Name: req.Form.Get("name")}
	if required {
		req.layout.Nav, req.layout.Tenants = nil, nil
	}
	if c.passkeys == nil {
		form.Why = c.noPasskeysHere()
	} else {
		form.Ceremony, err = c.beginCeremony(req, ceremonyRegister, req.actor.User, func() (passkeys.Ceremony, error) {
			return c.passkeys.Register(req.actor.User)
		})
		if err != nil {
			return err
		}
	}
	if cause == nil {
		return c.show(req, "passkey-new", "Add a passkey", form)
	}
	e := explain(cause)
	form.Fault = fault{e.field, e.text}
	return c.showStatus(req, cause, "passkey-new", "Add a passkey", form)
}

func (c *Console) addPasskey(req *request) error {
	passkey, err := c.registered(req)
	var codes []string
	if err == nil {
		codes, err = c.Service.AddPasskey(req.Context(), req.actor, passkey)
	}
	if _, ok := formFault(err); err != nil && (ok || errors.Is(err, errWrongPasskey)) {
		return c.showNewPasskey(req, err)
	}
	if err != nil {
		return err
	}
	if req.began.method == policy.MethodPassword { // whoever registers a passkey has it
		c.sessions.Put(req.Context(), sessionMethod, policy.MethodPasswordAndPasskey)
	}
	if codes != nil {
		return c.showRecoveryCodes(req, codes)
	}
	c.flash(req, "Added the passkey “"+passkey.Name+"”.")
	return req.redirect(accountPath)
}

// registered is the passkey that the form registers.
func (c *Console) registered(req *request) (policy.Passkey, error) {
	state, answer, err := c.takeCeremony(req, ceremonyRegister, req.actor.User.ID)
	if err != nil || c.passkeys == nil {
		return policy.Passkey{}, errors.Join(err, errWrongPasskey)
	}
	passkey, err := c.passkeys.Registered(req.actor.User, state, answer)
	passkey.Name = strings.TrimSpace(req.PostForm.Get("name"))
	if errors.Is(err, passkeys.ErrRefused) {
		return passkey, errors.Join(errWrongPasskey, err)
	}
	return passkey, err
}

type removePasskeyForm struct {
	passkeyRow

	Last bool
}

func (c *Console) removePasskeyPage(req *request) error {
	passkey, err := req.actor.User.Passkey(req.PathValue("passkey"))
	if err != nil {
		return err
	}
	form := removePasskeyForm{newPasskeyRow(passkey, req), len(req.actor.User.Passkeys) == 1}
	return c.show(req, "passkey-remove", "Remove passkey", form)
}

func (c *Console) removePasskey(req *request) error {
	removed, err := c.Service.RemovePasskey(req.Context(), req.actor, req.PathValue("passkey"))
	if err != nil {
		return err
	}
	if req.began.passkey == removed.ID { // the other sessions that began with it end
		c.sessions.Remove(req.Context(), sessionPasskey)
	}
	c.flash(req, "Removed the passkey “"+removed.Name+"”. Sessions that began with it have ended.")
	return req.redirect(accountPath)
}

type recoveryCodesForm struct {
	Left      string
	FormToken string
}

func (c *Console) recoveryCodesPage(req *request) error {
	if !req.actor.User.HasSecondFactor() {
		return policy.ErrNoPasskey
	}
	token, err := c.issueFormToken(req)
	if err != nil {
		return err
	}
	return c.show(req, "recovery-codes-new", "New recovery codes",
		recoveryCodesForm{codesLeftText(len(req.actor.User.RecoveryCodes)), token})
}

func (c *Console) newRecoveryCodes(req *request) error {
	if err := c.spendFormToken(req); err != nil {
		return c.showUsedForm(req, err)
	}
	codes, err := c.Service.NewRecoveryCodes(req.Context(), req.actor)
	if err != nil {
		return err
	}
	return c.showRecoveryCodes(req, codes)
}

type recoveryCodesPage struct {
	Codes []string
	First bool // they came with the first passkey
}

// showRecoveryCodes shows them the only time.
func (c *Console) showRecoveryCodes(req *request, codes []string) error {
	return c.show(req, "recovery-codes", "Recovery codes", recoveryCodesPage{codes, req.URL.Path == newPasskeyPath})
}
