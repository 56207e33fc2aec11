package console

import (
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
	NoPassword      bool
	Created         stamp
	Path            string
}

func newUserRow(u policy.User, v *visit) userRow {
	row := userRow{
		ID: u.ID, Name: u.Name, Email: u.Email, Disabled: u.Disabled, NoPassword: u.PasswordHash == "",
		Created: newStamp(u.CreatedAt, v.about.At), Path: usersPath + "/" + url.PathEscape(u.ID),
	}
	for _, role := range u.Roles {
		row.Roles = append(row.Roles, roleText(role))
	}
	return row
}

func roleText(role policy.Role) string {
	return capitalized(strings.ReplaceAll(string(role), "_", " "))
}

func (c *Console) listUsers(v *visit) error {
	page := usersPage{Find: strings.TrimSpace(v.Form.Get("q"))}
	users, more, err := c.Service.FindUsers(v.Context(), v.place, page.Find, store.Page{After: v.Form.Get("after"), Limit: rowsPerPage})
	if err != nil {
		return err
	}
	for _, user := range users {
		page.Rows = append(page.Rows, newUserRow(user, v))
	}
	if more {
		page.Next = usersPath + "?" + url.Values{"q": {page.Find}, "after": {users[len(users)-1].ID}}.Encode()
	}
	if v.Form.Get("after") != "" {
		page.Back = usersPath + "?" + url.Values{"q": {page.Find}}.Encode()
	}
	return c.show(v, "users", "Users", page)
}

type userForm struct {
	New         bool
	Token       string
	Path        string
	User        userRow
	Name, Email string
	Roles       []scopeChoice
	Tenants     []tenantChoice // memberships
	Self        bool
	Mail        bool // a link to choose a password can be sent
	SendLink    bool // to a new user
	OpenID      bool // has signed in at the provider
	Fault       fault
}

// tenantChoice is a tenant with the user's role in it.
type tenantChoice struct {
	ID, Name string
	Role     policy.Role // empty: no member
	Keys     int
}

func (c *Console) newUserPage(v *visit) error { return c.showNewUser(v, nil) }

func (c *Console) showNewUser(v *visit, because error) error {
	form := userForm{New: true, Path: v.URL.Path, Name: v.Form.Get("name"), Email: v.Form.Get("email"), Roles: v.roleChoices(rolesOf(v.Form["role"]))}
	form.SendLink = v.Form.Has("send_link") || !v.Form.Has("name") // unless somebody has unticked it
	return c.showUserForm(v, "Create user", form, because)
}

func (c *Console) showUserForm(v *visit, title string, form userForm, because error) error {
	form.Mail = c.mailsLinks()
	if because == nil {
		return c.show(v, "user", title, form)
	}
	form.Fault, _ = formFault(because)
	return c.showStatus(v, because, "user", title, form)
}

// roleChoices are the roles that the visitor may give.
func (v *visit) roleChoices(chosen []policy.Role) []scopeChoice {
	var all []scopeChoice
	for role, meaning := range map[policy.Role]string{
		policy.RoleAccountAdmin: "manages every tenant, the users and the expiration policy of the account",
		policy.RoleOperator:     "runs the server: manages all accounts",
	} {
		if policy.CheckUserChange(v.actor.Authority(), nil, []policy.Role{role}) == nil {
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

func (c *Console) createUser(v *visit) error {
	wish := admin.NewUser{Name: strings.TrimSpace(v.PostForm.Get("name")), Email: strings.TrimSpace(v.PostForm.Get("email")), Roles: rolesOf(v.PostForm["role"])}
	if password := v.PostForm.Get("password"); password != "" {
		wish.Password = &password
	}
	create, told := c.Service.CreateUser, "Created %s. Next, add them to a tenant."
	if c.mailsLinks() && wish.Password == nil && v.PostForm.Has("send_link") {
		create, told = c.createUserWithLink, "Created %s, and mailed them a link to choose a password. Next, add them to a tenant."
	}
	user, err := create(v.Context(), v.actor, v.place, wish)
	if _, ok := formFault(err); err != nil && ok {
		return c.showNewUser(v, err)
	}
	if err != nil {
		return err
	}
	c.tell(v, fmt.Sprintf(told, user.Name))
	return v.redirect(usersPath + "/" + url.PathEscape(user.ID))
}

func (c *Console) userPage(v *visit) error { return c.showUser(v, nil) }

func (c *Console) showUser(v *visit, because error) error {
	user, err := c.Store.User(v.Context(), v.place.Account.ID, v.PathValue("user"))
	if err != nil {
		return err
	}
	form := userForm{Path: v.URL.Path, User: newUserRow(user, v), Name: user.Name, Email: user.Email, Roles: v.roleChoices(user.Roles), Self: user.ID == v.actor.User.ID}
	form.OpenID = c.provider != nil && user.OpenID.Issuer == c.OpenID.Issuer
	if because != nil && v.PostForm.Has("name") {
		form.Name, form.Email, form.Roles = v.PostForm.Get("name"), v.PostForm.Get("email"), v.roleChoices(rolesOf(v.PostForm["role"]))
	}
	tenants, err := c.Store.Tenants(v.Context(), v.place.Account.ID, store.Page{Limit: maxSwitch})
	if err != nil {
		return err
	}
	for _, tenant := range tenants {
		choice := tenantChoice{ID: tenant.ID, Name: tenant.Name}
		if s, err := c.Store.Subject(v.Context(), tenant.ID, user.ID); err == nil {
			choice.Role, choice.Keys = s.Membership.Role, len(s.Membership.Keys)
		}
		form.Tenants = append(form.Tenants, choice)
	}
	return c.showUserForm(v, user.Name, form, because)
}
