package grants

import (
	"slices"
	"strings"

	"mintkey/policy"
	"mintkey/server/web"
)

// authorize decides whom a token is for and what it may do there (R29).
func (e *Endpoint) authorize(request Request, holder Holder) (decision, error) {
	scopes, err := scopesInQuestion(holder, request.Scopes)
	if err != nil {
		return decision{}, err
	}
	audience, err := e.chooseAudience(request.Resources, holder, scopes)
	if err != nil {
		return decision{}, err
	}
	scopes, err = e.fitScopes(audience, holder, scopes, len(request.Scopes) > 0)
	return decision{Holder: holder, scopes: scopes, audience: audience, algorithm: e.Algorithms[audience]}, err
}

// scopesInQuestion are those asked for, else all of the holder's. Asking for one that the holder does not have is invalid_scope.
func scopesInQuestion(holder Holder, requested []string) ([]string, error) {
	if len(requested) == 0 {
		return holder.Scopes, nil
	}
	var scopes []string
	for _, scope := range requested {
		if scope != strings.TrimSpace(scope) || scope == "" {
			return nil, web.Refuse(web.ErrScopeNotGranted, "There is white space before, after or between the scopes that does not belong "+
				"there: single spaces between them are all that scope may have (RFC 6749 section 3.3).")
		}
		if !slices.Contains(holder.Scopes, scope) {
			return nil, web.Refuse(web.ErrScopeNotGranted, "The access key does not have the scope %s; it has: %s.",
				policy.Excerpt(scope, 60), strings.Join(holder.Scopes, " "))
		}
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes, nil
}

// chooseAudience finds the one resource that was named among those that the holder may have tokens for (RFC 8707), or the default.
func (e *Endpoint) chooseAudience(resources []string, holder Holder, scopes []string) (string, error) {
	switch len(resources) {
	case 0:
		if audience := e.Audiences.Default(holder.Audiences, scopes); audience != "" {
			return audience, nil
		}
		return "", web.Refuse(policy.ErrInvalidTarget, "The access key is for %s alone, and no such resource is configured here any more.",
			strings.Join(holder.Audiences, " and "))
	case 1:
	default:
		return "", web.Refuse(policy.ErrInvalidTarget, "A token is for one resource: ask for one token each.")
	}
	resource := resources[0]
	switch {
	case e.Audiences.Open(resource, holder.Audiences):
		return resource, nil
	case slices.Contains(e.Audiences.APIs, resource):
		return "", web.Refuse(policy.ErrInvalidTarget, "The access key is not for the resource %s, but for: %s.",
			resource, strings.Join(holder.Audiences, " "))
	default:
		return "", web.Refuse(policy.ErrInvalidTarget, "There is no resource %s here.", policy.Excerpt(resource, 100))
	}
}

// fitScopes cuts the scopes to those that a token for the audience can have, and to what the owner's role still allows (R9). Scopes that
// were asked for by name are never left out without a word because of the audience.
func (e *Endpoint) fitScopes(audience string, holder Holder, scopes []string, named bool) ([]string, error) {
	fit := e.Audiences.Fit(audience, holder.Audiences, scopes)
	if len(fit) == 0 && !named {
		return nil, web.Refuse(web.ErrScopeNotGranted, "None of these scopes is for %s: %s. Administration scopes, also self and rotate, are "+
			"for %s, and all others for an API, whose name goes into the parameter resource.", audience, strings.Join(scopes, " "), e.Issuer)
	}
	if len(fit) == 0 || named && len(fit) < len(scopes) {
		return nil, web.Refuse(web.ErrScopeNotGranted, "A token for %s cannot have all of these scopes: %s. Administration scopes are only in "+
			"tokens for %s, all others only in tokens for an API: ask for one token each, and name its audience as the parameter resource.",
			audience, strings.Join(scopes, " "), e.Issuer)
	}
	allowed := holder.Cut(fit, e.Catalogue)
	if len(allowed) == 0 {
		return nil, e.noneLeft(fit)
	}
	return allowed, nil
}

// noneLeft refuses scopes of which none is left. Why matters: a scope that this server does not know is the operator's to mend.
func (e *Endpoint) noneLeft(scopes []string) error {
	unknown := e.Catalogue.Missing(scopes)
	forbidden := slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool { return slices.Contains(unknown, scope) })
	var reasons []string
	if len(unknown) > 0 {
		reasons = append(reasons, "This server does not have these scopes, which its setting scopes would name: "+strings.Join(unknown, " ")+".")
	}
	if len(forbidden) > 0 {
		reasons = append(reasons, "The role of the key's owner no longer allows any of these scopes: "+strings.Join(forbidden, " ")+".")
	}
	return web.Refuse(web.ErrScopeNotGranted, "%s", strings.Join(reasons, " "))
}
