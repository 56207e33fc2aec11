package console

import (
	"errors"
	"slices"
	"strings"

	"mintkey/admin"
	"mintkey/policy"
)

// editKeyForm changes the label and the limits of an access key (R33), and takes scopes away (R9).
type editKeyForm struct {
	Path, Back string
	Tag        admin.Tag
	Key        keyRow
	Label      string
	Scopes     []scopeChoice // that the key has
	Limits     limitsForm
	Now        besides // after a change of somebody else
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
		Tag: req.tag(admin.KeyTag(key.User.ID, key.AccessKey), cause), Path: req.URL.Path + req.list().asReturn(), Back: req.backToKeys(),
		Key:   newKeyRow(key, req.in.Account.Expiration, req.info.At),
		Label: key.Label, Scopes: keptScopes(key.Scopes, key.Scopes), Limits: c.limitsOf(key.AccessKey),
	}
	back := req.Form.Has(tagField) // after a mistake or a sign-in, with what was typed
	if cause == nil && !back {
		return c.show(req, "key-edit", "Edit access key", form)
	}
	present := form
	if cause != nil {
		form.Fault, _ = formFault(cause)
	}
	form.Label, form.Scopes = req.Form.Get("label"), keptScopes(key.Scopes, req.Form["scope"])
	form.Limits = c.limitsTyped(req, key.Audiences, form.Fault)
	if errors.Is(cause, admin.ErrPreconditionFailed) {
		form.Now = besides{}
		form.Now.note("label", form.Label, present.Label, "none")
		form.Now.note("scope", chosenNames(form.Scopes), chosenNames(present.Scopes), "none")
		form.Limits.Now = form.Limits.besides(present.Limits)
		var err error
		if form.Fault, err = c.staleFault(req, admin.EventFilter{ClientID: key.ClientID}, changesKey); err != nil {
			return err
		}
	}
	if cause == nil {
		return c.show(req, "key-edit", "Edit access key", form)
	}
	return c.showStatus(req, cause, "key-edit", "Edit access key", form)
}

// keptScopes offers the scopes that a key has.
func keptScopes(held, kept []string) []scopeChoice {
	var choices []scopeChoice
	for _, scope := range held {
		choices = append(choices, scopeChoice{scope, slices.Contains(kept, scope), policy.ScopeMeaning(scope)})
	}
	return choices
}

// without is what is held and not kept.
func without(held, kept []string) []string {
	return slices.DeleteFunc(slices.Clone(held), func(name string) bool { return slices.Contains(kept, name) })
}

// showChangedKey shows the form with the key as somebody else has changed it, perhaps only just now.
func (c *Console) showChangedKey(req *request) error {
	key, err := c.Service.Key(req.Context(), req.actor, req.in, req.PathValue("client_id"))
	if err != nil {
		return err
	}
	return c.showEditKey(req, key, admin.ErrPreconditionFailed)
}

// changesKey tells a change of a key from its use, and from what comes due by itself.
func changesKey(e policy.Event) bool {
	return e.Action != policy.ActionTokenRefused && e.Actor.Via != "server"
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
	if scopes := req.PostForm["scope"]; !sameNames(scopes, before.Scopes) {
		patch.Scopes = &scopes
	}
	after, err := c.Service.PatchKey(req.Context(), req.actor, req.in, before.ClientID, patch, req.ifMatch())
	if errors.Is(err, admin.ErrPreconditionFailed) {
		return c.showChangedKey(req)
	}
	if _, ok := formFault(err); err != nil && ok {
		return c.showEditKey(req, before, err)
	}
	if err != nil {
		return err
	}
	notice := "Changed " + after.ClientID + " of " + after.User.Name + "."
	if lost := without(before.Scopes, after.Scopes); len(lost) > 0 {
		notice += " It is without " + strings.Join(lost, ", ") + " from now on."
	}
	if before.TightenedBy(after.AccessKey) {
		notice += " The tokens that it has made have ended; gateways drop them within seconds."
	}
	c.flash(req, notice)
	return req.redirect(req.backToKeys())
}
