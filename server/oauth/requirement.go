package oauth

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/callers"
	"mintkey/server/web"
)

// requirement is what a gateway requires of a token besides being good. A requirement that is not understood is never taken for none.
type requirement struct {
	audiences []string // one of these
	tenants   []string // one of these; none: any
	scopes    []string // all of these
}

// The names of requirements in the query of forward-auth.
const (
	requireAudience = "audience"
	requireTenant   = "tenant"
	requireScope    = "scope"
	takeCookie      = "cookie" // says where the token is
)

// The name of a cookie is a token of RFC 9110 (RFC 6265 section 4.1.1).
var cookieForm = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$")

// cookieOf is the name of the cookie that has the token where there is no Authorization; empty: none has.
func cookieOf(query url.Values) (string, error) {
	names, given := query[takeCookie]
	switch {
	case !given:
		return "", nil
	case len(names) > 1:
		return "", refuseRequirement("cookie is there more than once.")
	case !cookieForm.MatchString(names[0]):
		return "", refuseRequirement("cookie must be the name of a cookie; not %s.", policy.Excerpt(names[0], 60))
	}
	return names[0], nil
}

// misspeltCookie refuses a parameter that is not known, such as Cookie, if its value names a cookie that the request has: the token may be
// there, and without a word on it the gateway's operator would look for the fault in the client.
func misspeltCookie(r *web.Request, query url.Values) error {
	for _, name := range unknownNames(query) {
		for _, value := range query[name] {
			if _, err := r.Cookie(value); err == nil {
				return refuseName(name)
			}
		}
	}
	return nil
}

// unknownNames are those of no requirement, in order.
func unknownNames(query url.Values) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(query)), func(name string) bool {
		return slices.Contains([]string{requireAudience, requireTenant, requireScope, takeCookie}, name)
	})
}

func refuseName(name string) error {
	return refuseRequirement("%s is not known; known are audience, tenant, scope and cookie.", policy.Excerpt(name, 60))
}

// requirementOf reads what a gateway requires. Every error is web.ErrInvalidRequirement.
func (e *Endpoints) requirementOf(query url.Values) (requirement, error) {
	if unknown := unknownNames(query); len(unknown) > 0 {
		return requirement{}, refuseName(unknown[0])
	}
	required := requirement{audiences: query[requireAudience], tenants: query[requireTenant]}
	for _, tenant := range required.tenants {
		if policy.CheckID(tenant) != nil {
			return requirement{}, refuseRequirement("tenant must be the ID of a tenant; not %s.", policy.Excerpt(tenant, 60))
		}
	}
	for _, text := range query[requireScope] {
		scopes := strings.Fields(text)
		if len(scopes) == 0 || e.Catalogue.CheckKeyScopes(scopes) != nil {
			return requirement{}, refuseRequirement("scope must be one or more of the scopes of this server; not %s.", policy.Excerpt(text, 60))
		}
		required.scopes = append(required.scopes, scopes...)
	}
	return required, e.completeAudiences(&required)
}

// completeAudiences checks the audiences, and adds the one that is meant where none is named: of several, none is.
func (e *Endpoints) completeAudiences(required *requirement) error {
	known := e.Callers.Audiences
	for _, audience := range required.audiences {
		if !slices.Contains(known.All(), audience) {
			return refuseRequirement("audience must be one of those configured; not %s.", policy.Excerpt(audience, 100))
		}
	}
	if len(required.audiences) > 0 {
		return nil
	}
	if required.audiences = known.All()[:1]; len(known.APIs) > 1 {
		return refuseRequirement("audience is missing: several are configured, so the gateway must say which one it is.")
	}
	return nil
}

// meets holds a token to what is required of it beside the audience.
func (q requirement) meets(t callers.ValidToken) error {
	if len(q.tenants) > 0 && !slices.Contains(q.tenants, t.Claims.TenantID) {
		return web.Refuse(admin.ErrInsufficientScope, "The token is for another tenant.")
	}
	for _, scope := range q.scopes {
		if err := callers.RequireScope(t.Scopes, scope); err != nil {
			return err
		}
	}
	return nil
}

func refuseRequirement(format string, args ...any) error {
	return web.Refuse(web.ErrInvalidRequirement, "The gateway asks in a way that is not understood: "+format, args...)
}
