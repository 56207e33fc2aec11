package console

import (
	"strings"

	"mintkey/admin"
)

// An owner can always stop a key of their own, and resume what they stopped themselves (R28).

// ownChange answers with the form that asks whether the visitor means it, for a key of theirs.
func (c *Console) ownChange(req *request, name, title string, cause error) error {
	key, err := c.ownKey(req)
	if err != nil {
		return err
	}
	return c.showChangeOf(req, key, name, title, cause)
}

// changeOwn carries out a change of a key of the visitor's.
func (c *Console) changeOwn(req *request, name, title, done string, change func(admin.Key) error) error {
	key, err := c.ownKey(req)
	if err != nil {
		return err
	}
	err = change(key)
	if _, ok := formFault(err); err != nil && ok {
		return c.ownChange(req, name, title, err)
	}
	if err != nil {
		return err
	}
	c.flash(req, done+" "+key.ClientID+".")
	return req.redirect(accountPath)
}

func (c *Console) suspendOwnPage(req *request) error {
	return c.ownChange(req, keySuspendTemplate, "Suspend access key", nil)
}

func (c *Console) suspendOwnKey(req *request) error {
	if !req.saidYes() {
		return c.suspendOwnPage(req)
	}
	reason := strings.TrimSpace(req.PostForm.Get("reason"))
	return c.changeOwn(req, keySuspendTemplate, "Suspend access key", "Suspended", func(key admin.Key) error {
		_, err := c.Service.SuspendOwnKey(req.Context(), req.actor, req.in, key.ClientID, reason)
		return err
	})
}

func (c *Console) resumeOwnPage(req *request) error {
	return c.ownChange(req, keyResumeTemplate, "Resume access key", nil)
}

func (c *Console) resumeOwnKey(req *request) error {
	return c.changeOwn(req, keyResumeTemplate, "Resume access key", "Resumed", func(key admin.Key) error {
		_, err := c.Service.ResumeOwnKey(req.Context(), req.actor, req.in, key.ClientID, "")
		return err
	})
}

func (c *Console) revokeOwnPage(req *request) error {
	return c.ownChange(req, keyRevokeTemplate, "Revoke access key", nil)
}

func (c *Console) revokeOwnKey(req *request) error {
	if !req.saidYes() {
		return c.revokeOwnPage(req)
	}
	return c.changeOwn(req, keyRevokeTemplate, "Revoke access key", "Revoked", func(key admin.Key) error {
		return c.Service.RevokeOwnKey(req.Context(), req.actor, req.in, key.ClientID)
	})
}
