package console_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var fieldName = regexp.MustCompile(`<(?:input|select|textarea)[^>]* name="([^"]+)"`)

// A link fills in no form: what it says could be sent by mistake, with a change of the visitor's own.
func TestALinkFillsInNoForm(t *testing.T) {
	h := newHarness(t, named)
	id, _ := h.key("berlin", "grace", "private label", 5)
	ada := h.as("ada")
	for _, path := range []string{
		"/console/users/grace", "/console/users/new", "/console/users/grace/delete", "/console/tenants/new", "/console/tenants/berlin/settings",
		"/console/tenants/oslo/suspend", newKey, berlinKeys + "/" + id + "/edit", berlinKeys + "/" + id + "/refresh", newPasskeyPath,
		berlinKeys + "/" + id + "/transfer", berlinKeys + "/" + id + "/suspend", berlinKeys + "/" + id + "/revoke", factorRulePath,
	} {
		query := url.Values{}
		for _, field := range fieldName.FindAllStringSubmatch(ada.get(path).want(200).body, -1) {
			if field[1] != "q" && field[1] != "list" { // say what is shown
				query.Set(field[1], "planted")
			}
		}
		delete(query, "do")
		if body := ada.get(path + "?" + query.Encode()).want(200).body; strings.Contains(body, "planted") {
			t.Errorf("%s?%s shows what the link says", path, query.Encode())
		}
		query = url.Values{"if_match": {"x"}, "role": {"account_admin"}, "name": {""}, "networks": {""}}
		if body := ada.get(path + "?" + query.Encode()).want(200).body; strings.Contains(body, `value="account_admin" checked`) {
			t.Errorf("%s has a role chosen by a link", path)
		}
	}
	edit := berlinKeys + "/" + id + "/edit"
	ada.get(edit + "?if_match=x").want(200).has(`value="private label"`)
}
