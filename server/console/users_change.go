package console

import (
	"errors"
	"net/url"
	"strings"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// userChange is what a button on the page of a user does.
type userChange struct {
	do     string
	patch  admin.UserPatch
	notice string
}

// userChange reads the form.
func (req *request) userChange() (userChange, error) {
	change := userChange{do: req.Form.Get("do")}
	switch change.do {
	case "save":
		name, email := strings.TrimSpace(req.Form.Get("name")), strings.TrimSpace(req.Form.Get("email"))
		roles := rolesOf(req.Form["role"])
		change.patch, change.notice = admin.UserPatch{Name: &name, Email: &email, Roles: &roles, IfMatch: req.ifMatch()}, "Saved."
	case "password":
		if password := req.PostForm.Get("password"); req.PostForm.Get(confirmField) != "" {
			chosen := &password
			change.patch = admin.UserPatch{Password: &chosen}
		}
		change.notice = "The password is set. Sessions that began with the old one have ended."
	case "sign-out", "reset-second-factor":
	case "forget-openid":
		change.patch.ForgetOpenID = true
		change.notice = "Forgotten. Whoever signs in with the e-mail address next is remembered."
	case "robot":
		kind := policy.KindService
		change.patch.Kind = &kind
		change.notice = "This user is a robot now, and nobody signs in as it any more. Its access keys go on working."
	case "disable", "enable":
		disabled := change.do == "disable"
		change.patch.Disabled = &disabled
		change.notice = map[bool]string{
			true:  "Disabled. The access keys of this user have stopped, and all tokens and sessions have ended.",
			false: "Enabled. The access keys work again. Tokens and sessions from before do not.",
		}[disabled]
	default:
		return change, errBadForm
	}
	return change, nil
}

// changeUser performs the action of the button that was pressed, once the visitor has confirmed it if it ends something.
func (c *Console) changeUser(req *request) error {
	id := req.PathValue("user")
	if req.PostForm.Get("do") == "link" {
		return c.sendLink(req, id)
	}
	change, err := req.userChange()
	if err != nil {
		return err
	}
	q, err := c.askedOfUser(req, change)
	if err == nil && q.Title != "" {
		if yes, err := c.confirmed(req, q); !yes {
			return err
		}
	}
	switch {
	case err == nil && change.do == "sign-out":
		return c.signUserOut(req, id)
	case err == nil && change.do == "reset-second-factor":
		return c.resetSecondFactor(req, id)
	}
	if err == nil {
		_, err = c.Service.PatchUser(req.Context(), req.actor, req.in, id, change.patch)
	}
	if f, ok := formFault(err); err != nil && ok {
		if f.Field == "password" {
			return c.askAgain(req, q, err)
		}
		return c.showUser(req, err)
	}
	if err != nil {
		return err
	}
	c.flash(req, change.notice)
	return req.redirect(usersPath + "/" + url.PathEscape(id))
}

// askedOfUser returns the question before a change that ends something, without a title if it does not, or the error that the change
// would have.
func (c *Console) askedOfUser(req *request, change userChange) (question, error) {
	id := req.PathValue("user")
	user, err := c.Store.User(req.Context(), req.in.Account.ID, id)
	if err != nil {
		return question{}, err
	}
	if change.do == "password" && user.IsRobot() {
		return question{}, policy.ErrServiceUser
	}
	q := question{Back: usersPath + "/" + url.PathEscape(id)}
	name := user.Name
	patch := change.patch
	patch.Password = nil // it is looked at when there is one
	after, err := c.Service.CheckPatchUser(req.Context(), req.actor, req.in, id, patch)
	if err != nil {
		return question{}, err
	}
	switch lost := without(roleNames(user.Roles), roleNames(after.Roles)); {
	case change.do == "disable":
		q.Title, q.Button = "Disable "+name+"?", "Disable "+name
		q.Says = []string{"All " + thingsThatEnd(user) + " end, in every tenant, and stay ended when you enable the user again."}
		if q.Hits, err = c.hitsOfUser(req, id, ""); err != nil {
			return question{}, err
		}
		q = q.typeName("the name of the user", name)
	case change.do == "robot":
		q.Title, q.Button = "Make "+name+" a robot?", "Make "+name+" a robot"
		q.Says = []string{
			"Nobody can sign in as " + name + " any more: the password, sessions and links end. The access keys go on working.",
			"This can’t be undone.",
		}
	case change.do == "password":
		q.Title, q.Button, q.NewPassword, q.For = "Set a password for "+name+"?", "Set password", true, user.Email
		q.Says = []string{"The old password stops working, and so do sessions and links that began with it. You will know this password: " +
			"tell it to nobody else, and have it changed."}
	case change.do == "sign-out":
		q.Title, q.Button = "End all sessions of "+name+"?", "End all sessions"
		q.Says = []string{name + " is signed out of the console in every browser, and can sign in again. Access keys and tokens go on working."}
	case change.do == "reset-second-factor":
		q.Title, q.Button = "Take the second factor from "+name+"?", "Take away the second factor"
		q.Says = []string{"All passkeys and recovery codes of " + name + " are removed, and all sessions end. " +
			"The password alone signs them in again."}
	case change.do == "forget-openid":
		q.Title, q.Button = "Forget who "+name+" is at "+c.OpenID.Name+"?", "Forget"
		q.Says = []string{
			"Whoever has the address " + user.Email + " at " + c.OpenID.Name + " and signs in next is taken for " + name + " from then on.",
			"Sessions of " + name + " end.",
		}
	case change.do == "save" && len(lost) > 0:
		titles := make([]string, len(lost))
		for i, role := range lost {
			titles[i] = roleText(policy.Role(role))
		}
		q.Title, q.Button = "Take a role from "+name+"?", "Save"
		q.Says = []string{"Taken away: " + strings.Join(titles, ", ") + ". From then on " + name + " and their access keys can do no more than " +
			"the roles that are left allow."}
		if id == req.actor.User.ID {
			q.Says = append(q.Says, "You do this to yourself: only somebody else can give it back.")
		}
	}
	return q, nil
}

func roleNames(roles []policy.Role) []string {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	return names
}

// memberPage is where a change of a role comes back to after a sign-in, as it was filled in.
func (c *Console) memberPage(req *request) error {
	if req.Form.Get("user") == "" {
		return req.redirect(usersPath)
	}
	req.SetPathValue("user", req.Form.Get("user"))
	return c.showUser(req, nil)
}

// errNoMember means that somebody was to be removed who is not a member: the form was saved as it was, or another admin was faster.
var errNoMember = errors.New("not a member of the tenant")

// setMember gives a user a role in the tenant of the path, or ends the membership.
func (c *Console) setMember(req *request) error {
	id, role := req.PostForm.Get("user"), policy.Role(req.PostForm.Get("role"))
	req.SetPathValue("user", id)
	q, err := c.askedOfMember(req, id, role)
	if err == nil && q.Title != "" {
		if yes, err := c.confirmed(req, q); !yes {
			return err
		}
	}
	var notice string
	switch {
	case errors.Is(err, errNoMember):
		err, notice = nil, "Not a member of "+req.in.Tenant.Name+", as before."
	case err != nil:
	case role == "":
		err = c.Service.RemoveMember(req.Context(), req.actor, req.in, id, req.ifMatch())
		notice = "Removed from " + req.in.Tenant.Name + ". Their access keys there are revoked."
	default:
		var member admin.Member
		member, _, err = c.Service.SetMember(req.Context(), req.actor, req.in, id, role, req.ifMatch())
		notice = member.User.Name + " is now a " + strings.ToLower(membershipName(role)) + " of " + req.in.Tenant.Name + "."
	}
	if _, ok := formFault(err); err != nil && ok {
		return c.showUser(req, err)
	}
	if err != nil {
		return err
	}
	c.flash(req, notice)
	return req.redirect(usersPath + "/" + url.PathEscape(id))
}

// askedOfMember is askedOfUser for a role in the tenant of the path.
func (c *Console) askedOfMember(req *request, id string, role policy.Role) (question, error) {
	user, err := c.Store.User(req.Context(), req.in.Account.ID, id)
	if err != nil {
		return question{}, err
	}
	m, err := c.Store.Membership(req.Context(), req.in.Tenant.ID, id)
	switch tag := req.Form.Get(tagField); {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return question{}, err
	case tag != "" && tag != string(admin.MemberTag(m)):
		return question{}, admin.ErrPreconditionFailed
	case role == "" && err != nil:
		return question{}, errNoMember
	}
	name, tenant := user.Name, req.in.Tenant.Name
	q := question{Back: usersPath + "/" + url.PathEscape(id)}
	switch {
	case role == "":
		if err := c.Service.CheckRemoveMember(req.Context(), req.actor, req.in, id, req.ifMatch()); err != nil {
			return question{}, err
		}
		q.Title, q.Button = "Remove "+name+" from "+tenant+"?", "Remove "+name
		q.Says = []string{"The access keys of " + name + " in " + tenant + " are revoked for good, and all tokens and sessions there end."}
		if q.Hits, err = c.hitsOfUser(req, id, req.in.Tenant.ID); err != nil {
			return question{}, err
		}
		q = q.typeName("the name of the user", name)
	case role == policy.RoleMember && m.Role == policy.RoleTenantAdmin && m.BelongsTo(user):
		q.Title, q.Button = "Make "+name+" a plain member of "+tenant+"?", "Make a member"
		q.Says = []string{name + " no longer manages the access keys of " + tenant + ". Their own access keys there can do no more than a " +
			"member may, at once."}
		if id == req.actor.User.ID {
			q.Says = append(q.Says, "You do this to yourself: only somebody else can give it back.")
		}
	}
	return q, nil
}
