package e2e_test

import (
	"net/http"
	"net/url"
	"time"
)

// keyView is an access key as the administration API shows it.
type keyView struct {
	ClientID       string    `json:"client_id"`
	TenantID       string    `json:"tenant_id"`
	UserID         string    `json:"user_id"`
	Label          string    `json:"label"`
	Scopes         []string  `json:"scopes"`
	Status         string    `json:"status"`
	CreatedAt      time.Time `json:"created_at"`
	SecretIssuedAt time.Time `json:"secret_issued_at"`
}

// eventView is the part of an audit record that the tests count.
type eventView struct {
	Action   string `json:"action"`
	ClientID string `json:"client_id"`
}

func (d *deployment) keysPath() string { return "/admin/v1/tenants/" + d.first.TenantID + "/keys" }

// addMember makes a user of the account who is a member of the first tenant.
func (d *deployment) addMember(id string) {
	d.t.Helper()
	d.admin.must(http.StatusCreated, http.MethodPost, "/admin/v1/accounts/"+d.first.AccountID+"/users",
		map[string]any{"id": id, "name": id, "email": id + "@example.com"}, nil)
	path := "/admin/v1/tenants/" + d.first.TenantID + "/members/" + id
	if a, err := d.admin.try(http.MethodPut, path, map[string]any{"role": "member"}); err != nil || a.status/100 != 2 {
		d.t.Fatalf("PUT %s: %v %s", path, err, a)
	}
}

// newKey creates an access key with the scopes "api" and "self" for a member.
func (d *deployment) newKey(userID string) accessKey {
	d.t.Helper()
	var key accessKey
	d.admin.must(http.StatusCreated, http.MethodPost, d.keysPath(), createBody(userID), &key)
	return key
}

func createBody(userID string) map[string]any {
	return map[string]any{"user_id": userID, "label": "for " + userID, "scopes": []string{"api", "self"}}
}

// keys lists the keys of the first tenant.
func (d *deployment) keys() map[string]keyView {
	d.t.Helper()
	byID := map[string]keyView{}
	for _, key := range listAll[keyView](d.admin, d.keysPath()) {
		byID[key.ClientID] = key
	}
	return byID
}

// audit lists the audit trail of the account.
func (d *deployment) audit() []eventView {
	d.t.Helper()
	return listAll[eventView](d.admin, "/admin/v1/accounts/"+d.first.AccountID+"/audit")
}

// listAll follows a list to its end, in small pages, so that every list is also a test of its cursor.
func listAll[T any](c *caller, path string) []T {
	c.t.Helper()
	var all []T
	for query := (url.Values{"limit": {"50"}}); ; {
		var page struct {
			Items []T    `json:"items"`
			Next  string `json:"next"`
		}
		c.must(http.StatusOK, http.MethodGet, path+"?"+query.Encode(), nil, &page)
		all = append(all, page.Items...)
		if page.Next == "" {
			return all
		}
		query.Set("after", page.Next)
	}
}
