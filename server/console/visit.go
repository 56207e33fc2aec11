package console

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/web"
	"mintkey/store"
)

// visit is one request, and who makes it.
type visit struct {
	*http.Request
	w     http.ResponseWriter
	about *web.Info
	actor admin.Actor         // nobody where the page is open to all
	place admin.TenantContext // the tenant that the path names, or else the one that was last looked at
	frame frame
}

type handler func(*visit) error

const maxFormBytes = 64 << 10

// open surrounds a handler that needs no session.
func (c *Console) open(handle handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header())
		r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
		v, err := newVisit(w, r)
		if err == nil && r.ParseForm() != nil {
			err = errBadForm
		}
		if err == nil {
			err = handle(v)
		}
		if err != nil {
			c.showError(v, err)
		}
	}
}

// newVisit returns a visit and, beside it, an error if nothing gave the request an instant: the visit can then only show that.
func newVisit(w http.ResponseWriter, r *http.Request) (*visit, error) {
	info, err := web.About(r.Context())
	if err != nil {
		info = &web.Info{}
	}
	return &visit{Request: r, w: w, about: info}, err
}

// signedIn surrounds a handler with what every page behind the sign-in needs, in this order: who is it (else to the sign-in page), may
// they see the tenant that the path names (else 404), does their role allow one of the scopes (else 403).
func (c *Console) signedIn(anyOf string, handle handler) http.HandlerFunc {
	return c.open(func(v *visit) error {
		if err := c.identify(v); err != nil {
			return err
		}
		if anyOf != "" {
			if err := v.actor.Require(anyOf); err != nil {
				return err
			}
		}
		return handle(v)
	})
}

// identify finds who the session belongs to, as they are now: a user who was disabled, demoted or removed since counts as such at once.
func (c *Console) identify(v *visit) error {
	ctx := v.Context()
	s, err := c.session(ctx, v.about.At)
	if err != nil {
		return err
	}
	subject, err := c.subject(ctx, s, cmp.Or(v.PathValue("tenant"), s.tenantID))
	if errors.Is(err, store.ErrNotFound) || err == nil && (subject.Authority() == policy.AuthorityNone || !s.fits(subject.User)) {
		return errors.Join(errSignedOut, c.sessions.Destroy(ctx))
	}
	if err != nil {
		return err
	}
	v.actor = admin.Actor{
		Subject: subject, Scopes: subject.Cut(policy.AdministrationScopes(), c.Service.Catalogue),
		Via: admin.ViaConsole, Address: v.about.Address, RequestID: v.about.ID, At: v.about.At,
	}
	if v.place, err = c.Service.Resolve(ctx, v.actor, "", v.PathValue("tenant")); err != nil {
		return err
	}
	if v.PathValue("tenant") == "" && s.tenantID != "" {
		// The tenant that was last looked at may be one that an account admin sees without being a member.
		if last, err := c.Service.Resolve(ctx, v.actor, "", s.tenantID); err == nil {
			v.place = last
		}
	}
	c.remember(ctx, s, v.place.Tenant.ID, v.about.At)
	return c.furnish(v)
}

// subject is the user in the wished tenant or, where they are no member, in the first tenant that they are a member of.
func (c *Console) subject(ctx context.Context, s session, tenantID string) (policy.Subject, error) {
	subject, err := c.Store.Subject(ctx, tenantID, s.userID)
	if !errors.Is(err, store.ErrNotFound) {
		return subject, err
	}
	tenants, err := c.Store.TenantsOf(ctx, s.accountID, s.userID)
	if err != nil {
		return policy.Subject{}, err
	}
	if len(tenants) == 0 {
		return policy.Subject{}, store.ErrNotFound
	}
	return c.Store.Subject(ctx, tenants[0], s.userID)
}

// redirect sends the browser to a page of the console, with GET.
func (v *visit) redirect(path string) error {
	if v.Header.Get("HX-Request") != "" {
		v.w.Header().Set("HX-Redirect", path) // or htmx would put the other page into this one
		v.w.WriteHeader(http.StatusOK)
		return nil
	}
	http.Redirect(v.w, v.Request, path, http.StatusSeeOther)
	return nil
}

// tenantPath leads to the first page for the visitor in a tenant.
func tenantPath(tenantID string) string { return "/console/tenants/" + url.PathEscape(tenantID) }

// keysPath is the list of keys of a tenant, or what comes below it.
func keysPath(tenantID string, below ...string) string {
	parts := []string{tenantPath(tenantID), "keys"}
	for _, part := range below {
		parts = append(parts, url.PathEscape(part))
	}
	return strings.Join(parts, "/")
}

// again is the page on which the visitor can repeat what they just tried: each POST has a GET of the same path that takes the
// form's fields from the query. Passwords and what guards a form stay behind.
func (v *visit) again() string {
	if v.Method != http.MethodPost {
		return v.URL.RequestURI()
	}
	fields := url.Values{}
	for name, values := range v.PostForm {
		if !strings.HasPrefix(name, "password") && name != formToken && name != "acknowledge_risk" {
			fields[name] = values
		}
	}
	if len(fields) == 0 {
		return v.URL.Path
	}
	return v.URL.Path + "?" + fields.Encode()
}
