package console

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"mintkey/admin"
	"mintkey/policy"
)

const (
	keySuspendTemplate    = "key-suspend"
	keyResumeTemplate     = "key-resume"
	tenantSuspendTemplate = "tenant-suspend"
	tenantResumeTemplate  = "tenant-resume"
)

// suspenders returns the users who have suspended something, as far as they are of the account, by ID.
func (c *Console) suspenders(req *request, each func(yield func(policy.Suspension))) (map[string]policy.User, error) {
	var ids []string
	each(func(s policy.Suspension) {
		if s.By != "" {
			ids = append(ids, s.By)
		}
	})
	if len(ids) == 0 {
		return map[string]policy.User{}, nil
	}
	return c.Service.UsersByID(req.Context(), req.in, ids)
}

// suspensionText says since when, by whom and why something is suspended; empty while it works.
func suspensionText(s policy.Suspension, users map[string]policy.User) string {
	if s.At.IsZero() {
		return ""
	}
	by := "an operator of the server"
	if user, ok := users[s.By]; ok {
		by = user.Name
	}
	text := "since " + dayText(s.At) + " by " + by
	if s.Reason != "" {
		text += ": " + s.Reason
	}
	return text
}

// wayBack is what helps a key whose secret has leaked.
const wayBack = "refresh it without overlap to make it work again"

// whySuspended is suspensionText for an access key, with the way back if its secret has leaked (R35).
func whySuspended(key policy.AccessKey, users map[string]policy.User) string {
	switch {
	case !key.Leaked:
		return suspensionText(key.Suspended, users)
	case key.StoppedByLeak():
		return "since " + dayText(key.Suspended.At) + ": " + wayBack
	default: // somebody has suspended it besides
		return "suspended " + suspensionText(key.Suspended, users) + "; to be resumed it has to be refreshed without overlap first"
	}
}

func dayText(at time.Time) string { return at.UTC().Format("2 January 2006") }

func (c *Console) suspendPage(req *request) error {
	return c.showChange(req, keySuspendTemplate, "Suspend access key", nil)
}

func (c *Console) suspendKey(req *request) error {
	if !req.saidYes() {
		return c.suspendPage(req)
	}
	reason := strings.TrimSpace(req.PostForm.Get("reason"))
	key, err := c.Service.SuspendKey(req.Context(), req.actor, req.in, req.PathValue("client_id"), reason)
	if _, ok := formFault(err); err != nil && ok {
		return c.showChange(req, keySuspendTemplate, "Suspend access key", err)
	}
	if err != nil {
		return err
	}
	c.flash(req, "Suspended "+key.ClientID+" of "+key.User.Name+". It makes no more tokens; gateways drop the ones it made within seconds.")
	return req.redirect(req.backToKeys())
}

func (c *Console) resumePage(req *request) error {
	return c.showChange(req, keyResumeTemplate, "Resume access key", nil)
}

func (c *Console) resumeKey(req *request) error {
	key, err := c.Service.ResumeKey(req.Context(), req.actor, req.in, req.PathValue("client_id"), "")
	if _, ok := formFault(err); err != nil && ok {
		return c.showChange(req, keyResumeTemplate, "Resume access key", err)
	}
	if err != nil {
		return err
	}
	c.flash(req, "Resumed "+key.ClientID+" of "+key.User.Name+". Its secret works again; tokens from before do not.")
	return req.redirect(req.backToKeys())
}

// suspensionForm asks whether a tenant is to be suspended or resumed.
type suspensionForm struct {
	Path, Name, Reason string
	Tag                admin.Tag
	Members            int
	Hits               hits
	Type, TypeWhat     string // what has to be typed
	Typed              string
	Refused            bool   // it would leave nobody in charge
	Stale              string // what has become of it meanwhile
	Fault              fault
}

func (c *Console) suspendTenantPage(req *request) error {
	return c.showTenantSuspension(req, tenantSuspendTemplate, "Suspend tenant", nil)
}

func (c *Console) resumeTenantPage(req *request) error {
	return c.showTenantSuspension(req, tenantResumeTemplate, "Resume tenant", nil)
}

func (c *Console) showTenantSuspension(req *request, name, title string, cause error) error {
	tenant, err := c.Store.Tenant(req.Context(), req.in.Tenant.ID)
	if err != nil {
		return err
	}
	form := suspensionForm{
		Path: req.URL.Path, Name: tenant.Name, Reason: req.Form.Get("reason"), Typed: req.Form.Get(typedField),
		Tag: req.tag(admin.TenantTag(tenant), cause),
	}
	if form.Stale, err = c.tenantNow(req, tenant, cause); err != nil {
		return err
	}
	if name == tenantSuspendTemplate {
		form.Type, form.TypeWhat = tenant.Name, "the name of the tenant"
		members, err := c.Service.CheckSuspendTenant(req.Context(), req.actor, req.in, admin.IfMatch{})
		if _, ok := formFault(err); err != nil && !ok {
			return err
		}
		cause = cmp.Or(err, cause) // said before anything is typed
		form.Members, form.Refused = members, err != nil
		if form.Hits, err = c.hitsOfTenant(req); err != nil {
			return err
		}
	}
	if cause == nil {
		return c.show(req, name, title, form)
	}
	form.Fault, _ = formFault(cause)
	if errors.Is(cause, errNotTyped) {
		form.Fault.Text = notTyped(form.Type)
	}
	return c.showStatus(req, cause, name, title, form)
}

// tenantNow says what a tenant is, if somebody has changed it under a form.
func (c *Console) tenantNow(req *request, tenant policy.Tenant, cause error) (string, error) {
	if !errors.Is(cause, admin.ErrPreconditionFailed) {
		return "", nil
	}
	if !tenant.IsSuspended() {
		return "It works.", nil
	}
	users, err := c.suspenders(req, func(yield func(policy.Suspension)) { yield(tenant.Suspension()) })
	return "It is suspended, " + suspensionText(tenant.Suspension(), users), err
}

func (c *Console) suspendTenant(req *request) error {
	if !sameText(req.PostForm.Get(typedField), req.in.Tenant.Name) {
		var cause error
		if req.saidYes() {
			cause = errNotTyped
		}
		return c.showTenantSuspension(req, tenantSuspendTemplate, "Suspend tenant", cause)
	}
	suspended := true
	patch := admin.TenantPatch{Suspended: &suspended, SuspendedReason: strings.TrimSpace(req.PostForm.Get("reason")), IfMatch: req.ifMatch()}
	return c.changeSuspension(req, patch, tenantSuspendTemplate, "Suspend tenant",
		"Suspended. Its access keys make no more tokens; gateways drop the ones that they made within seconds.")
}

func (c *Console) resumeTenant(req *request) error {
	return c.changeSuspension(req, admin.TenantPatch{Suspended: new(bool), IfMatch: req.ifMatch()}, tenantResumeTemplate, "Resume tenant",
		"Resumed. Its access keys work again. Tokens and sessions from before do not.")
}

func (c *Console) changeSuspension(req *request, patch admin.TenantPatch, name, title, notice string) error {
	_, err := c.Service.PatchTenant(req.Context(), req.actor, req.in, patch)
	if _, ok := formFault(err); err != nil && ok {
		return c.showTenantSuspension(req, name, title, err)
	}
	if err != nil {
		return err
	}
	c.flash(req, notice)
	return req.redirect(tenantsPath)
}
