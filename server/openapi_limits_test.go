package server_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
)

// The document is static text, while limits and scopes come from policy. This test fails if only one of the two is changed.
func TestOpenAPIStatesTheLimitsOfPolicy(t *testing.T) {
	doc := servedDocument(t)
	responses, schemas := doc.at("components", "responses"), doc.at("components", "schemas")
	newKey := doc.at("paths", "/admin/v1/tenants/{tenant}/keys", "post")
	newAccount := doc.at("paths", "/admin/v1/accounts", "post", "responses", "201")

	newAccount.says("description", fmt.Sprintf("policy of %d days", policy.DefaultPeriodDays))
	newKey.says("description", "at most "+policy.InWords(policy.MaxKeys)+" access keys")
	doc.at("components", "headers", "KeyExpires").says("description", fmt.Sprintf("within %d days", policy.SoonDays))
	responses.at("Conflict", "content", "application/problem+json", "example").
		says("detail", "at most "+policy.InWords(policy.MaxKeys)+" access keys")
	responses.at("Unprocessable", "content", "application/problem+json", "example").says("detail", policy.ErrInvalidPeriod.Error())

	steps := fmt.Sprintf("%d to %d in steps of %d", policy.MinPeriodDays, policy.MaxPeriodDays, policy.PeriodStepDays)
	schemas.at("PeriodDays").says("description", steps)
	schemas.at("PeriodDays").is("enum", policy.Periods())
	schemas.at("DaysBefore").is("enum", policy.NoticeDays())
	for _, name := range []string{"AccessKey", "CreatedKey", "RefreshedKey"} {
		schemas.at(name, "properties", "status").says("description", "listed for "+policy.InDays(policy.ListedAfterExpiry))
		schemas.at(name, "properties", "marks").says("description", "`unused` for "+policy.InDays(policy.UnusedAfter))
		old, stale := policy.InDays(policy.OldAfter), int(policy.StaleAfter/policy.Day)
		schemas.at(name, "properties", "marks").says("description", fmt.Sprintf("`old` after %s and `stale` after %d", old, stale))
	}
	overlap := schemas.at("Refresh", "properties", "overlap_seconds")
	overlap.is("maximum", int(policy.MaxOverlap/time.Second))
	overlap.says("description", "at most "+policy.InDays(policy.MaxOverlap))

	schemas.at("Name").is("maxLength", policy.MaxNameLength)
	schemas.at("Label").is("maxLength", policy.MaxNameLength)
	schemas.at("Name").says("description", fmt.Sprintf("1 to %d printable", policy.MaxNameLength))
	schemas.at("Label").says("description", fmt.Sprintf("at most %d printable", policy.MaxNameLength))
	schemas.at("Reason").is("maxLength", policy.MaxNameLength)
	schemas.at("Reason").says("description", fmt.Sprintf("at most %d printable", policy.MaxNameLength))
	for _, name := range []string{"NewUser", "UserChange"} {
		password := schemas.at(name, "properties", "password")
		password.is("minLength", policy.MinPasswordLength)
		password.is("maxLength", policy.MaxPasswordLength)
		password.says("description", fmt.Sprintf("%d to %d characters", policy.MinPasswordLength, policy.MaxPasswordLength))
	}

	ahead := doc.at("paths", "/admin/v1/accounts/{account}/calendar", "get").list("parameters")[1].at("schema")
	ahead.is("maximum", policy.MaxCalendarDays)
	ahead.is("default", policy.DefaultCalendarDays)
}

func TestOpenAPIStatesTheScopesOfPolicy(t *testing.T) {
	doc := servedDocument(t)
	for _, scope := range policy.AdministrationScopes() {
		doc.at("components", "securitySchemes", "bearer").says("description", "`"+scope+"`")
	}
	for path, anyOf := range map[string]string{
		"/admin/v1/accounts":                   policy.ScopesThatSeeTenants(),
		"/admin/v1/accounts/{account}":         policy.ScopesThatSeeTenants(),
		"/admin/v1/accounts/{account}/tenants": policy.ScopesThatSeeTenants(),
		"/admin/v1/tenants/{tenant}":           policy.ScopesThatSeeTenants(),
		"/admin/v1/tenants/{tenant}/members":   policy.ScopesThatSeeMembers(),
	} {
		var alternatives []map[string][]string
		for scope := range strings.FieldsSeq(anyOf) {
			alternatives = append(alternatives, map[string][]string{"bearer": {scope}})
		}
		doc.at("paths", path, "get").is("security", alternatives)
	}
}

// documentPart is an object in openapi.json.
type documentPart struct {
	*testing.T
	where string
	value map[string]any
}

func servedDocument(t *testing.T) documentPart {
	t.Helper()
	w := newWorld(t)
	doc := documentPart{T: t}
	w.do(w.request("GET", "/openapi.json", nil)).want(200).into(&doc.value)
	return doc
}

// at is the object that the names lead to.
func (d documentPart) at(names ...string) documentPart {
	d.Helper()
	for _, name := range names {
		d.where += "/" + name
		value, ok := d.value[name].(map[string]any)
		if !ok {
			d.Fatalf("openapi.json has no object %s", d.where)
		}
		d.value = value
	}
	return d
}

// list is the objects in a list.
func (d documentPart) list(name string) []documentPart {
	d.Helper()
	all, _ := d.value[name].([]any)
	parts := make([]documentPart, len(all))
	for i, value := range all {
		parts[i] = documentPart{T: d.T, where: fmt.Sprintf("%s/%s/%d", d.where, name, i)}
		parts[i].value, _ = value.(map[string]any)
	}
	return parts
}

func (d documentPart) says(name, want string) {
	d.Helper()
	if text, _ := d.value[name].(string); !strings.Contains(text, want) {
		d.Errorf("%s/%s is %q, which does not say %q", d.where, name, text, want)
	}
}

// is compares after a round through JSON.
func (d documentPart) is(name string, want any) {
	d.Helper()
	if diff := cmp.Diff(mustJSON(d.T, want), mustJSON(d.T, d.value[name])); diff != "" {
		d.Errorf("%s/%s (-want +got):\n%s", d.where, name, diff)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
