package console

import (
	"slices"

	"mintkey/policy"
)

type transferForm struct {
	memberForm

	Back string
	Key  keyRow
	Mail bool // whether both owners hear of it
}

func (c *Console) transferPage(req *request) error { return c.showTransfer(req, nil) }

func (c *Console) showTransfer(req *request, cause error) error {
	key, err := c.Service.Key(req.Context(), req.actor, req.in, req.PathValue("client_id"))
	if err != nil {
		return err
	}
	form := transferForm{Back: req.backToKeys(), Key: newKeyRow(key, req.in.Account.Expiration, req.info.At), Mail: c.Mail}
	if form.memberForm, err = c.findMembers(req); err != nil {
		return err
	}
	form.Members = slices.DeleteFunc(form.Members, func(m memberChoice) bool { return m.ID == key.User.ID })
	if cause == nil {
		return c.show(req, "key-transfer", "Transfer access key", form)
	}
	form.Fault, _ = formFault(cause)
	return c.showStatus(req, cause, "key-transfer", "Transfer access key", form)
}

func (c *Console) transferKey(req *request) error {
	if req.finding() {
		return c.showTransfer(req, nil)
	}
	if req.PostForm.Get("user") == "" {
		return c.showTransfer(req, policy.ErrNotMember)
	}
	key, err := c.Service.TransferKey(req.Context(), req.actor, req.in, req.PathValue("client_id"), req.PostForm.Get("user"))
	if _, ok := formFault(err); err != nil && ok {
		return c.showTransfer(req, err)
	}
	if err != nil {
		return err
	}
	c.flash(req, key.ClientID+" is a key of "+key.User.Name+" now. Tokens from before stop working within seconds.")
	return req.redirect(req.backToKeys())
}
