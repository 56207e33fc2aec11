package console

import "mintkey/policy"

const ownMailsPath = accountPath + "/mails"

// ownMails is what the visitor is told by mail.
type ownMails struct {
	Sent       bool // this server sends mail
	NewBrowser bool // they are told of sign-ins from new browsers
	Leaks      bool // and of leaks of other people's keys
}

func (c *Console) ownMails(req *request) ownMails {
	return ownMails{
		Sent: c.Mail, NewBrowser: !req.actor.User.Notifications.NoNewBrowser,
		Leaks: req.actor.Membership.Role == policy.RoleTenantAdmin,
	}
}

// setOwnMails goes by the button and not by a box that may be left out.
func (c *Console) setOwnMails(req *request) error {
	chosen := policy.Notifications{NoNewBrowser: req.PostForm.Get("new_browser") == "off"}
	if value := req.PostForm.Get("new_browser"); value != "on" && value != "off" {
		return errBadForm
	}
	if err := c.Service.SetNotifications(req.Context(), req.actor, chosen); err != nil {
		return err
	}
	notice := "You get a mail when somebody signs in as you from a new browser."
	if chosen.NoNewBrowser {
		notice = "You get no more mails about new browsers."
	}
	c.flash(req, notice)
	return req.redirect(accountPath)
}
