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
	Keys        []keyRow       // in all tenants
	Self        bool
	Robot       bool // a new user is to be one
	Mail        bool // a link to choose a password can be sent
	SendLink    bool // to a new user
	OpenID      bool // has signed in at the provider
	Passkeys    int
	Fault       fault
}

// besides are the present values of those that are typed otherwise.
func (f userForm) besides(present userForm) besides {
	now := besides{}
	now.note("name", f.Name, present.Name, "none")
	now.note("email", f.Email, present.Email, "none")
	now.note("role", chosenNames(f.Roles), chosenNames(present.Roles), "none")
	return now
}

// keysOfUser is how many access keys the page of a user shows at most; mintkey users owns lists all.
const keysOfUser = 200

// tenantChoice is a tenant with the user's role in it.
type tenantChoice struct {
	ID, Name string
	Role     policy.Role // empty: not a member
	Keys     int
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

func (c *Console) userPage(req *request) error { return c.showUser(req, nil) }

func (c *Console) showUser(req *request, cause error) error {
	user, err := c.Store.User(req.Context(), req.in.Account.ID, req.PathValue("user"))
	if err != nil {
		return err
	}
	form := userForm{
		Path: req.URL.Path, Tag: req.tag(admin.UserTag(user), cause), User: newUserRow(user, req), Name: user.Name, Email: user.Email,
		Roles: req.roleChoices(user.Roles), Self: user.ID == req.actor.User.ID, Passkeys: len(user.Passkeys),
	}
	form.OpenID = c.provider != nil && user.OpenID.Issuer == c.OpenID.Issuer
	present := form
	if cause != nil && req.PostForm.Has("name") {
		form.Name, form.Email = req.PostForm.Get("name"), req.PostForm.Get("email")
		form.Roles = req.roleChoices(rolesOf(req.PostForm["role"]))
	}
	if errors.Is(cause, admin.ErrPreconditionFailed) {
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
		choice := tenantChoice{ID: tenant.ID, Name: tenant.Name}
		if s, err := c.Store.Subject(req.Context(), tenant.ID, user.ID); err == nil {
			choice.Role, choice.Keys = s.Membership.Role, len(s.Membership.Keys)
		}
		form.Tenants = append(form.Tenants, choice)
	}
	keys, _, err := c.Service.UserKeys(req.Context(), req.actor, req.in, user.ID, admin.KeyPage{Limit: keysOfUser})
	if err != nil {
		return err
	}
	for _, key := range keys {
		row := newKeyRow(key, req.in.Account.Expiration, req.info.At)
		row.Tenant = key.Membership.TenantID
		form.Keys = append(form.Keys, row)
	}
	return c.showUserForm(req, user.Name, form, cause)
}
