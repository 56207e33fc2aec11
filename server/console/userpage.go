package console

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"mintkey/admin"
	"mintkey/policy"
)

// userKeys is a page of the access keys of a user, in all tenants.
type userKeys struct {
	Count      string // of those on the page, in words
	Rows       []keyRow
	Back, Next string
}

// lastSignIn is when and from where a user signed in last.
type lastSignIn struct {
	At      stamp
	Address string
}

func (c *Console) userKeys(req *request, userID string) (userKeys, error) {
	after, path := req.Form.Get("after"), usersPath+"/"+url.PathEscape(userID)
	keys, next, err := c.Service.UserKeys(req.Context(), req.actor, req.in, userID, admin.KeyPage{After: after, Limit: rowsPerPage})
	if err != nil {
		return userKeys{}, err
	}
	var ids []string
	for _, key := range keys {
		ids = append(ids, key.Membership.TenantID)
	}
	tenants, err := c.nameTenants(req.Context(), req.in.Account.ID, ids)
	if err != nil {
		return userKeys{}, err
	}
	suspenders, err := c.suspenders(req, func(yield func(policy.Suspension)) {
		for _, key := range keys {
			yield(key.Suspended)
		}
	})
	if err != nil {
		return userKeys{}, err
	}
	var shown userKeys
	expired := 0
	for _, key := range keys {
		row := newKeyRow(key, req.in.Account.Expiration, req.info.At)
		row.Tenant, row.Why = tenants[key.Membership.TenantID], whySuspended(key.AccessKey, suspenders)
		if row.Expired {
			expired++
		}
		shown.Rows = append(shown.Rows, row)
	}
	shown.Count = keysText(len(keys)-expired, expired)
	if next != "" || after != "" {
		shown.Count += " on this page"
	}
	if next != "" {
		shown.Next = path + "?" + url.Values{"after": {next}}.Encode() + "#keys"
	}
	if after != "" {
		shown.Back = path + "#keys"
	}
	return shown, nil
}

func (c *Console) lastSignIn(req *request, userID string) (lastSignIn, error) {
	event, err := c.Service.LastSignIn(req.Context(), req.in, userID)
	return lastSignIn{newStamp(event.At, req.info.At), event.Actor.Address}, err
}

// deleteUserForm asks whether a user is to be deleted, and says what ends with them.
type deleteUserForm struct {
	Path  string
	Tag   admin.Tag
	User  userRow
	Keys  string // in words; empty for none
	Used  *stamp // the last use of any of them; nil for never
	Fault fault
}

func (c *Console) deleteUserPage(req *request) error {
	return c.showDeleteUser(req, http.StatusOK, fault{})
}

func (c *Console) showDeleteUser(req *request, status int, wrong fault) error {
	user, err := c.Store.User(req.Context(), req.in.Account.ID, req.PathValue("user"))
	if err != nil {
		return err
	}
	form := deleteUserForm{Path: req.URL.Path, Tag: admin.UserTag(user), User: newUserRow(user, req), Fault: wrong}
	live, used := 0, time.Time{}
	for page := (admin.KeyPage{Limit: 500}); ; {
		keys, next, err := c.Service.UserKeys(req.Context(), req.actor, req.in, user.ID, page)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if key.Status(req.in.Account.Expiration, req.info.At) != policy.StatusExpired {
				live++
			}
			if key.LastAccess.At.After(used) {
				used = key.LastAccess.At
			}
		}
		if page.After = next; next == "" {
			break
		}
	}
	if live > 0 {
		form.Keys = plural(live, "access key")
	}
	if !used.IsZero() {
		form.Used = new(newStamp(used, req.info.At))
	}
	return c.showAs(req, status, "user-delete", "Delete user", form)
}

func (c *Console) deleteUser(req *request) error {
	user, err := c.Store.User(req.Context(), req.in.Account.ID, req.PathValue("user"))
	if err != nil {
		return err
	}
	if user.ID == req.actor.User.ID {
		return c.showDeleteUser(req, http.StatusConflict, fault{Text: "You can’t delete yourself: another admin can."})
	}
	if policy.FoldEmail(strings.TrimSpace(req.PostForm.Get("confirm"))) != policy.FoldEmail(user.Email) {
		wrong := fault{Field: "confirm", Text: "That is not the e-mail address of this user."}
		return c.showDeleteUser(req, http.StatusUnprocessableEntity, wrong)
	}
	err = c.Service.DeleteUser(req.Context(), req.actor, req.in, user.ID, req.ifMatch())
	if wrong, ok := formFault(err); err != nil && ok {
		return c.showDeleteUser(req, explain(err).status, fault{Text: wrong.Text})
	}
	if err != nil {
		return err
	}
	c.flash(req, "Deleted "+user.Name+". All that they had has stopped working.")
	return req.redirect(usersPath)
}
