package console

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"mintkey/admin"
	"mintkey/policy"
)

type userForm struct {
	Sessions    int // that the visitor can end
	New         bool
	Tag         admin.Tag
	Now         besides // after a change of somebody else
	Path        string
	User        userRow
	Name, Email string
	Roles       []scopeChoice
	Memberships memberships
	Keys        userKeys // in all tenants
	SignIn      lastSignIn
	Self        bool
	Robot       bool // a new user is to be one
	Mail        bool // a link to choose a password can be sent
	SendLink    bool // to a new user
	OpenID      bool // has signed in at the provider
	Passkeys    int
	Fault       fault
	FaultAt     string // the button that the fault is about, which is what the form sends as do; empty for those of fields
}

// besides are the present values of those that are typed otherwise.
func (f userForm) besides(present userForm) besides {
	now := besides{}
	now.note("name", f.Name, present.Name, "none")
	now.note("email", f.Email, present.Email, "none")
	now.note("role", chosenNames(f.Roles), chosenNames(present.Roles), "none")
	return now
}

func (c *Console) newUserPage(req *request) error { return c.showNewUser(req, nil) }

func (c *Console) showNewUser(req *request, cause error) error {
	form := userForm{
		New: true, Path: req.URL.Path, Name: req.Form.Get("name"), Email: req.Form.Get("email"),
		Roles: req.roleChoices(rolesOf(req.Form["role"])), Robot: policy.UserKind(req.Form.Get("kind")) == policy.KindService,
	}
	form.SendLink = req.Form.Has("send_link") || !req.Form.Has("name") // ticked at first
	return c.showUserForm(req, "Create user", form, cause)
}

func (c *Console) showUserForm(req *request, title string, form userForm, cause error) error {
	form.Mail = c.mailsLinks()
	if cause == nil {
		return c.show(req, "user", title, form)
	}
	if form.Fault.Text == "" {
		form.Fault, _ = formFault(cause)
	}
	return c.showStatus(req, cause, "user", title, form)
}

// roleChoices returns the roles that the visitor may assign.
func (req *request) roleChoices(chosen []policy.Role) []scopeChoice {
	var all []scopeChoice
	for role, meaning := range map[policy.Role]string{
		policy.RoleAccountAdmin: "manages every tenant, the users and the expiration policy of the account",
		policy.RoleOperator:     "runs the server: manages all accounts",
	} {
		if policy.CheckUserChange(req.actor.Authority(), nil, []policy.Role{role}) == nil {
			all = append(all, scopeChoice{string(role), slices.Contains(chosen, role), meaning})
		}
	}
	slices.SortFunc(all, func(a, b scopeChoice) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func rolesOf(names []string) []policy.Role {
	roles := []policy.Role{}
	for _, name := range names {
		roles = append(roles, policy.Role(name))
	}
	return roles
}

func (c *Console) createUser(req *request) error {
	input := admin.NewUser{
		Name: strings.TrimSpace(req.PostForm.Get("name")), Email: strings.TrimSpace(req.PostForm.Get("email")),
		Roles: rolesOf(req.PostForm["role"]), Kind: policy.UserKind(req.PostForm.Get("kind")),
	}
	robot := input.Kind == policy.KindService
	if password := req.PostForm.Get("password"); password != "" {
		input.Password = &password
	}
	create, notice := c.Service.CreateUser, "Created %s. Next, add them to a tenant."
	if robot {
		notice = "Created %s. Next, add it to a tenant."
	}
	if c.mailsLinks() && !robot && input.Password == nil && req.PostForm.Has("send_link") {
		create, notice = c.createUserWithLink, "Created %s, and mailed them a link to choose a password. Next, add them to a tenant."
	}
	user, err := create(req.Context(), req.actor, req.in, input)
	if _, ok := formFault(err); err != nil && ok {
		return c.showNewUser(req, err)
	}
	if err != nil {
		return err
	}
	c.flash(req, fmt.Sprintf(notice, user.Name))
	return req.redirect(usersPath + "/" + url.PathEscape(user.ID))
}

// userPage shows a user. A form that comes back after a sign-in is filled in, and one that ends something asks at once.
func (c *Console) userPage(req *request) error {
	if req.Form.Get("do") == "" || req.Form.Get("do") == "save" {
		return c.showUser(req, nil)
	}
	change, err := req.userChange()
	if err != nil {
		return c.showUser(req, nil)
	}
	q, err := c.askedOfUser(req, change)
	if err != nil || q.Title == "" {
		return c.showUser(req, err)
	}
	return c.askAgain(req, q, nil)
}

// placeFault puts what no field has caused beside the button that was pressed, if the page has it.
func (f *userForm) placeFault(req *request, cause error) {
	f.Fault, _ = formFault(cause)
	do, person := req.Form.Get("do"), !f.User.Robot
	shown := map[string]bool{
		"save": true, "disable": !f.Self, "enable": !f.Self, "robot": person && !f.Self, "password": person,
		"link": person && f.Mail && !f.User.Disabled, "forget-openid": person && f.OpenID,
	}
	switch {
	case req.PathValue("tenant") != "":
		f.FaultAt = "tenant"
	case shown[do] && f.Fault.Field != "name" && f.Fault.Field != "email":
		f.FaultAt = do
	}
}

func (c *Console) showUser(req *request, cause error) error {
	user, err := c.Store.User(req.Context(), req.in.Account.ID, req.PathValue("user"))
	if err != nil {
		return err
	}
	ofMember := req.PathValue("tenant") != "" // a form about the role in a tenant
	form := userForm{
		Path: usersPath + "/" + url.PathEscape(user.ID), Tag: admin.UserTag(user), User: newUserRow(user, req), Name: user.Name,
		Email: user.Email, Roles: req.roleChoices(user.Roles), Self: user.ID == req.actor.User.ID, Passkeys: len(user.Passkeys),
	}
	if !ofMember {
		form.Tag = req.tag(form.Tag, cause)
	}
	form.Mail = c.mailsLinks()
	form.OpenID = c.provider != nil && user.OpenID.Issuer == c.OpenID.Issuer
	present := form
	if req.Form.Has("name") { // a form that comes back
		form.Name, form.Email = req.Form.Get("name"), req.Form.Get("email")
		form.Roles = req.roleChoices(rolesOf(req.Form["role"]))
	}
	if errors.Is(cause, admin.ErrPreconditionFailed) && !ofMember {
		form.Now = form.besides(present)
		about := func(e policy.Event) bool { return e.UserID == user.ID }
		if form.Fault, err = c.staleFault(req, admin.EventFilter{Action: policy.ActionUserUpdated}, about); err != nil {
			return err
		}
	}
	if form.Memberships, err = c.memberships(req, user, cause); err != nil {
		return err
	}
	if cause != nil && form.Fault.Text == "" {
		form.placeFault(req, cause)
	}
	if form.Keys, err = c.userKeys(req, user.ID); err != nil {
		return err
	}
	if !user.IsRobot() {
		if form.SignIn, err = c.lastSignIn(req, user.ID); err != nil {
			return err
		}
	}
	if form.Sessions, err = c.othersSessions(req, user); err != nil {
		return err
	}
	return c.showUserForm(req, user.Name, form, cause)
}
