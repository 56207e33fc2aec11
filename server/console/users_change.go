package console

import (
	"net/url"
	"strings"

	"mintkey/admin"
	"mintkey/policy"
)

// changeUser performs the action of the button that was pressed.
func (c *Console) changeUser(req *request) error {
	id := req.PathValue("user")
	var patch admin.UserPatch
	var notice string
	switch req.PostForm.Get("do") {
	case "save":
		name, email := strings.TrimSpace(req.PostForm.Get("name")), strings.TrimSpace(req.PostForm.Get("email"))
		roles := rolesOf(req.PostForm["role"])
		patch, notice = admin.UserPatch{Name: &name, Email: &email, Roles: &roles, IfMatch: req.ifMatch()}, "Saved."
	case "password":
		password := req.PostForm.Get("password")
		chosen := &password
		patch, notice = admin.UserPatch{Password: &chosen}, "The password is set. Sessions that began with the old one have ended."
	case "link":
		return c.sendLink(req, id)
	case "reset-second-factor":
		return c.resetSecondFactor(req, id)
	case "forget-openid":
		patch, notice = admin.UserPatch{ForgetOpenID: true}, "Forgotten. Whoever signs in with the e-mail address next is remembered."
	case "robot":
		kind := policy.KindService
		patch = admin.UserPatch{Kind: &kind}
		notice = "This user is a robot now, and nobody signs in as it any more. Its access keys go on working."
	case "disable", "enable":
		disabled := req.PostForm.Get("do") == "disable"
		patch = admin.UserPatch{Disabled: &disabled}
		notice = map[bool]string{
			true:  "Disabled. The access keys of this user have stopped, and all tokens and sessions have ended.",
			false: "Enabled. The access keys work again. Tokens and sessions from before do not.",
		}[disabled]
	default:
		return errBadForm
	}
	_, err := c.Service.PatchUser(req.Context(), req.actor, req.in, id, patch)
	if _, ok := formFault(err); err != nil && ok {
		return c.showUser(req, err)
	}
	if err != nil {
		return err
	}
	c.flash(req, notice)
	return req.redirect(usersPath + "/" + url.PathEscape(id))
}

// setMember gives a user a role in the tenant of the path, or ends the membership.
func (c *Console) setMember(req *request) error {
	id, role := req.PostForm.Get("user"), policy.Role(req.PostForm.Get("role"))
	if role == "" {
		if err := c.Service.RemoveMember(req.Context(), req.actor, req.in, id); err != nil {
			return err
		}
		c.flash(req, "Removed from "+req.in.Tenant.Name+". Their access keys there are revoked.")
	} else {
		member, _, err := c.Service.SetMember(req.Context(), req.actor, req.in, id, role)
		if err != nil {
			return err
		}
		c.flash(req, member.User.Name+" is now "+strings.ToLower(membershipName(role))+" in "+req.in.Tenant.Name+".")
	}
	return req.redirect(usersPath + "/" + url.PathEscape(id))
}
