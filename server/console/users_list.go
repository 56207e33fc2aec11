package console

import (
	"net/url"
	"strings"

	"mintkey/admin"
	"mintkey/policy"
)

type usersPage struct {
	pager

	Find       string
	Columns    []column
	States     []order
	RolesTo    []order
	Orders     []order
	Tenant     policy.Tenant // whose members are listed; zero for everybody
	Rows       []userRow
	Restricted bool
}

type userRow struct {
	ID, Name, Email string
	Roles           []string
	Disabled        bool
	Robot           bool
	NoPassword      bool // of a person
	Created         stamp
	LastSignIn      stamp
	Keys            string
	Path            string
}

func newUserRow(u policy.User, req *request) userRow {
	row := userRow{
		ID: u.ID, Name: u.Name, Email: u.Email, Disabled: u.Disabled,
		Robot: u.IsRobot(), NoPassword: u.PasswordHash == "" && !u.IsRobot(), LastSignIn: newStamp(u.LastSignInAt, req.info.At),
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

func userStates() [][2]string {
	return [][2]string{
		{"", "Everybody"},
		{string(admin.UsersActive), "Not disabled"},
		{string(admin.UsersDisabled), "Disabled"},
		{string(admin.UsersRobots), "Robots"},
		{string(admin.UsersNoPassword), "Without a password"},
		{string(admin.UsersNeverIn), "Never signed in"},
	}
}

func userOrders() [][2]string {
	return [][2]string{
		{"name", "By name"},
		{"-name", "By name, Z to A"},
		{"email", "By e-mail"},
		{"-email", "By e-mail, Z to A"},
		{"-created", "Newest first"},
		{"created", "Oldest first"},
		{"-last_sign_in", "Signed in last first"},
		{"last_sign_in", "Longest away first"},
		{"-keys", "Most keys first"},
		{"keys", "Fewest keys first"},
	}
}

// userRoles are the roles that the list can be narrowed to: of the account or, in the list of a tenant's members, of the tenant.
func userRoles(tenantID string) [][2]string {
	if tenantID != "" {
		return [][2]string{{"", "Every role"}, {string(policy.RoleTenantAdmin), "Tenant admins"}, {string(policy.RoleMember), "Members"}}
	}
	return [][2]string{{"", "Every role"}, {string(policy.RoleAccountAdmin), "Account admins"}, {string(policy.RoleOperator), "Operators"}}
}

func (c *Console) listUsers(req *request) error {
	q, err := req.listQuery(firsts(userStates()), firsts(userOrders()))
	if err != nil {
		return err
	}
	values := req.URL.Query()
	tenantID, role := values.Get("tenant"), values.Get("role")
	q.more = map[string]string{"tenant": tenantID, "role": role}
	if known := options(role, userRoles(tenantID)); !anyCurrent(known) {
		return &filterError{"role", role}
	}
	page := usersPage{Find: q.text, Restricted: q.filtered(), RolesTo: options(role, userRoles(tenantID))}
	if tenantID != "" {
		in, err := c.Service.Resolve(req.Context(), req.actor, "", tenantID)
		if err != nil || in.Account.ID != req.in.Account.ID {
			return &filterError{"tenant", tenantID}
		}
		page.Tenant = in.Tenant
	}
	table, err := c.userTable(req, q)
	if err == nil && q.page > lastPage(table.Matching) {
		q.page = lastPage(table.Matching)
		table, err = c.userTable(req, q)
	}
	if err != nil {
		return err
	}
	page.pager = q.pager(usersPath, len(table.Users), table.Matching)
	page.States, page.Orders = options(q.state, userStates()), options(q.sort, userOrders())
	page.Columns = q.columns(usersPath, [][2]string{
		{"User", "name"},
		{"Email", "email"},
		{"Roles", ""},
		{"Access keys", "-keys"},
		{"Last sign-in", "-last_sign_in"},
		{"Created", "-created"},
	})
	for _, user := range table.Users {
		row := newUserRow(user, req)
		row.Keys = grouped(table.Keys[user.ID])
		page.Rows = append(page.Rows, row)
	}
	return c.show(req, "users", "Users", page)
}

func (c *Console) userTable(req *request, q listQuery) (admin.UserTable, error) {
	by, descending := q.sorting()
	return c.Service.UserTable(req.Context(), req.actor, req.in, admin.UserQuery{
		Text: q.text, Role: policy.Role(q.more["role"]), TenantID: q.more["tenant"], State: admin.UserState(q.state),
		Sort: admin.UserColumn(by), Descending: descending, Offset: q.offset(), Limit: rowsPerPage,
	})
}

func anyCurrent(all []order) bool {
	for _, o := range all {
		if o.Current {
			return true
		}
	}
	return false
}
