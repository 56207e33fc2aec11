package console

import (
	"net/url"
	"strings"

	"mintkey/admin"
	"mintkey/policy"
)

// changeUser does the one thing that the pressed button names.
func (c *Console) changeUser(v *visit) error {
	id := v.PathValue("user")
	var patch admin.UserPatch
	var told string
	switch v.PostForm.Get("do") {
	case "save":
		name, email, roles := strings.TrimSpace(v.PostForm.Get("name")), strings.TrimSpace(v.PostForm.Get("email")), rolesOf(v.PostForm["role"])
		patch, told = admin.UserPatch{Name: &name, Email: &email, Roles: &roles}, "Saved."
	case "password":
		password := v.PostForm.Get("password")
		chosen := &password
		patch, told = admin.UserPatch{Password: &chosen}, "The password is set. Sessions that began with the old one have ended."
	case "link":
		return c.sendLink(v, id)
	case "forget-openid":
		patch, told = admin.UserPatch{ForgetOpenID: true}, "Forgotten. Whoever signs in with the e-mail address next is remembered."
	case "disable", "enable":
		disabled := v.PostForm.Get("do") == "disable"
		patch = admin.UserPatch{Disabled: &disabled}
		told = map[bool]string{true: "Disabled. All access keys of this user are revoked.", false: "Enabled. Access keys that were revoked stay so."}[disabled]
	default:
		return errBadForm
	}
	_, err := c.Service.PatchUser(v.Context(), v.actor, v.place, id, patch)
	if _, ok := formFault(err); err != nil && ok {
		return c.showUser(v, err)
	}
	if err != nil {
		return err
	}
	c.tell(v, told)
	return v.redirect(usersPath + "/" + url.PathEscape(id))
}

// setMember gives a user a role in the tenant of the path, or ends the membership.
func (c *Console) setMember(v *visit) error {
	id, role := v.PostForm.Get("user"), policy.Role(v.PostForm.Get("role"))
	if role == "" {
		if err := c.Service.RemoveMember(v.Context(), v.actor, v.place, id); err != nil {
			return err
		}
		c.tell(v, "Removed from "+v.place.Tenant.Name+". Their access keys there are revoked.")
	} else {
		member, _, err := c.Service.SetMember(v.Context(), v.actor, v.place, id, role)
		if err != nil {
			return err
		}
		c.tell(v, member.User.Name+" is now "+strings.ToLower(membershipName(role))+" in "+v.place.Tenant.Name+".")
	}
	return v.redirect(usersPath + "/" + url.PathEscape(id))
}
