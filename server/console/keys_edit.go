package console

import (
	"strings"

	"mintkey/admin"
)

// editKeyForm changes the label and the limits of an access key (R33).
type editKeyForm struct {
	Path, Back string
	Key        keyRow
	Label      string
	Limits     limitsForm
	Fault      fault
}

func (c *Console) editKeyPage(req *request) error {
	key, err := c.Service.Key(req.Context(), req.actor, req.in, req.PathValue("client_id"))
	if err != nil {
		return err
	}
	return c.showEditKey(req, key, nil)
}

// showEditKey shows the form with what the key has or, after an error, with what was typed.
func (c *Console) showEditKey(req *request, key admin.Key, cause error) error {
	form := editKeyForm{
		Path: req.URL.Path, Back: keysPath(req.in.Tenant.ID), Key: newKeyRow(key, req.in.Account.Expiration, req.info.At),
		Label: key.Label, Limits: c.limitsOf(key.AccessKey, req.info.At),
	}
	if cause == nil {
		return c.show(req, "key-edit", "Edit access key", form)
	}
	form.Fault, _ = formFault(cause)
	form.Label, form.Limits = req.Form.Get("label"), c.limitsTyped(req, key.Audiences, form.Fault)
	return c.showStatus(req, cause, "key-edit", "Edit access key", form)
}

func (c *Console) editKey(req *request) error {
	before, err := c.Service.Key(req.Context(), req.actor, req.in, req.PathValue("client_id"))
	if err != nil {
		return err
	}
	patch, err := req.limits(before.AccessKey)
	if err != nil {
		return c.showEditKey(req, before, err)
	}
	if label := strings.TrimSpace(req.PostForm.Get("label")); label != before.Label {
		patch.Label = &label
	}
	after, err := c.Service.PatchKey(req.Context(), req.actor, req.in, before.ClientID, patch, admin.IfMatch{})
	if _, ok := formFault(err); err != nil && ok {
		return c.showEditKey(req, before, err)
	}
	if err != nil {
		return err
	}
	notice := "Changed " + after.ClientID + " of " + after.User.Name + "."
	if before.TightenedBy(after.AccessKey) {
		notice += " The tokens that it has made have ended; gateways drop them within seconds."
	}
	c.flash(req, notice)
	return req.redirect(keysPath(req.in.Tenant.ID))
}
