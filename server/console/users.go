package console

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

type usersPage struct {
	Find string
	Rows []userRow
	Next string
	Back string
}

type userRow struct {
	ID, Name, Email string
	Roles           []string
	Disabled        bool
	Robot           bool
	NoPassword      bool // of a person
	Created         stamp
	Path            string
}

func newUserRow(u policy.User, req *request) userRow {
	row := userRow{
		ID: u.ID, Name: u.Name, Email: u.Email, Disabled: u.Disabled,
		Robot: u.IsRobot(), NoPassword: u.PasswordHash == "" && !u.IsRobot(),
		Created: newStamp(u.CreatedAt, req.info.At), Path: usersPath + "/" + url.PathEscape(u.ID),
	}
	for _, role := range u.Roles {
		row.Roles = append(row.Roles, roleText(role))
	}
	return row
}

func roleText(role policy.Role) string {
	return capitalized(strings.ReplaceAll(string(role), "_", " "))
}

func (c *Console) listUsers(req *request) error {
	page := usersPage{Find: strings.TrimSpace(req.Form.Get("q"))}
	users, more, err := c.Service.FindUsers(req.Context(), req.in, page.Find, store.Page{After: req.Form.Get("after"), Limit: rowsPerPage})
	if err != nil {
		return err
	}
	for _, user := range users {
		page.Rows = append(page.Rows, newUserRow(user, req))
	}
	if more {
		page.Next = usersPath + "?" + url.Values{"q": {page.Find}, "after": {users[len(users)-1].ID}}.Encode()
	}
	if req.Form.Get("after") != "" {
		page.Back = usersPath + "?" + url.Values{"q": {page.Find}}.Encode()
	}
	return c.show(req, "users", "Users", page)
}

type userForm struct {
	New         bool
	Tag         admin.Tag
	Now         besides // after a change of somebody else
	Path        string
	User        userRow
	Name, Email string
	Roles       []scopeChoice
	Tenants     []tenantChoice // memberships
	Keys        userKeys       // in all tenants
	SignIn      lastSignIn
	Self        bool
	Robot       bool // a new user is to be one
	Mail        bool // a link to choose a password can be sent
	SendLink    bool // to a new user
	OpenID      bool // has signed in at the provider
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

// tenantChoice is a tenant with the user's role in it.
type tenantChoice struct {
	ID, Name string
	Role     policy.Role // empty: not a member
	Keys     string      // how many, in words; empty for none
	Tag      admin.Tag
	Now      string // after a change of somebody else
	Fault    string
}

// tenantChoice reads the user's role in a tenant. The tenant that a form is about shows what was chosen.
func (c *Console) tenantChoice(req *request, tenant policy.Tenant, user policy.User, cause error) (tenantChoice, error) {
	choice := tenantChoice{ID: tenant.ID, Name: tenant.Name}
	m, err := c.Store.Membership(req.Context(), tenant.ID, user.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return choice, err
	}
	choice.Tag = admin.MemberTag(m)
	if err == nil && m.BelongsTo(user) {
		choice.Role = m.Role
		if live := len(m.LiveKeys(req.in.Account.Expiration, req.info.At)); len(m.Keys) > 0 {
			choice.Keys = keysText(live, len(m.Keys)-live)
		}
	}
	if req.PathValue("tenant") != tenant.ID || !req.Form.Has("role") {
		return choice, nil
	}
	present := choice.Role
	choice.Role, choice.Tag = policy.Role(req.Form.Get("role")), req.tag(choice.Tag, cause)
	if cause == nil {
		return choice, nil
	}
	f, _ := formFault(cause)
	if choice.Fault = f.Text; errors.Is(cause, admin.ErrPreconditionFailed) {
		about := func(e policy.Event) bool {
			return e.UserID == user.ID && strings.HasPrefix(string(e.Action), "member.")
		}
		if f, err = c.staleFault(req, admin.EventFilter{TenantID: tenant.ID}, about); err != nil {
			return choice, err
		}
		choice.Fault = f.Text
		if choice.Now = "Not a member"; present != "" {
			choice.Now = membershipName(present)
		}
	}
	return choice, nil
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
		Email: user.Email, Roles: req.roleChoices(user.Roles), Self: user.ID == req.actor.User.ID,
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
	tenants, err := c.Store.Tenants(req.Context(), req.in.Account.ID, store.Page{Limit: maxSwitch})
	if err != nil {
		return err
	}
	for _, tenant := range tenants {
		choice, err := c.tenantChoice(req, tenant, user, cause)
		if err != nil {
			return err
		}
		form.Tenants = append(form.Tenants, choice)
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
	return c.showUserForm(req, user.Name, form, cause)
}
