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

// request is an HTTP request with its signed-in user and current tenant.
type request struct {
	*http.Request
	w      http.ResponseWriter
	info   *web.Info
	actor  admin.Actor         // zero on pages that need no session
	in     admin.TenantContext // the tenant in the path, or else the last one used
	began  session             // zero on pages that need no session
	layout layout

	session admin.Session // of the signed-in user
}

type handler func(*request) error

const maxFormBytes = 64 << 10

// open wraps a handler that needs no session.
func (c *Console) open(handle handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header())
		r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
		req, err := newRequest(w, r)
		if err == nil && (r.ParseForm() != nil || ambiguous(r.URL.Query()) || ambiguous(r.PostForm)) {
			err = errBadForm
		}
		if err == nil {
			err = handle(req)
		}
		if err != nil {
			c.showError(req, err)
		}
	}
}

// ambiguous says whether a field of which a form has one comes twice: it does not say which one is meant.
func ambiguous(form url.Values) bool {
	for name, values := range form {
		if len(values) > 1 && name != "scope" && name != "role" && name != audiencesField && name != "selected" {
			return true
		}
	}
	return false
}

// newRequest returns an error if the context lacks the request's web.Info. The request returned with it can still show an error page.
func newRequest(w http.ResponseWriter, r *http.Request) (*request, error) {
	info, err := web.About(r.Context())
	if err != nil {
		info = &web.Info{}
	}
	if err == nil && info.Err != nil { // refused before it came here
		err = info.Err
	}
	return &request{Request: r, w: w, info: info}, err
}

// signedIn wraps a handler with the checks of every page behind the sign-in, in this order: the visitor is signed in (else redirect to
// the sign-in page), may see the tenant in the path (else 404), has the second factor that the account requires (else redirect to where
// one is made), and has one of the scopes (else 403).
func (c *Console) signedIn(anyOf string, handle handler) http.HandlerFunc {
	return c.identified(func(req *request) error {
		if closed, err := c.mustRegister(req); err != nil {
			return err
		} else if closed {
			return req.redirect(newPasskeyPath)
		}
		if closedTo(req.actor, req.began.method, req.in.Account) {
			return c.askToRegister(req, req.in.Account)
		}
		if anyOf != "" {
			if err := req.actor.Require(anyOf); err != nil {
				return err
			}
		}
		return handle(req)
	})
}

// identified wraps a handler of what those can do too who have yet to make the second factor that their account requires.
func (c *Console) identified(handle handler) http.HandlerFunc {
	return c.open(func(req *request) error {
		if err := c.identify(req); err != nil {
			return err
		}
		if err := c.fillFromDraft(req); err != nil {
			return err
		}
		return handle(req)
	})
}

// identify loads the current user of the session, so disabling, demoting or removing a user takes effect on their next request.
func (c *Console) identify(req *request) error {
	ctx := req.Context()
	s, err := c.session(ctx, req.info.At)
	if err != nil {
		return err
	}
	subject, err := c.visiting(ctx, s, cmp.Or(req.PathValue("tenant"), s.tenantID))
	if errors.Is(err, store.ErrNotFound) || err == nil && (subject.Authority() == policy.AuthorityNone || !s.validFor(subject)) {
		return errors.Join(errSignedOut, c.sessions.Destroy(ctx))
	}
	if err != nil {
		return err
	}
	req.began, req.info.User = s, subject.User.ID
	req.actor = admin.Actor{
		Subject: subject, Scopes: subject.Cut(policy.AdministrationScopes(), c.Service.Catalogue),
		Via: admin.ViaConsole, Address: req.info.Address, RequestID: req.info.ID, At: req.info.At,
	}
	if req.in, err = c.place(ctx, req.actor, s, req.PathValue("tenant")); err != nil {
		return err
	}
	req.session = s.Session
	if s, err = c.remember(req, s); err != nil {
		return err
	}
	if err := c.fillLayout(req); err != nil {
		return err
	}
	left, _ := s.left(req.info.At)
	req.layout.SessionLeft = int(left.Seconds())
	return nil
}

// subject returns the user in the given tenant or, if they are not a member of it or it is suspended, in the first of their tenants that
// works. If none does, it is the user in a suspended one.
func (c *Console) subject(ctx context.Context, s session, tenantID string) (policy.Subject, error) {
	subject, err := c.Store.Subject(ctx, tenantID, s.userID)
	if err == nil && !subject.Tenant.IsSuspended() || err != nil && !errors.Is(err, store.ErrNotFound) {
		return subject, err
	}
	tenants, listErr := c.Store.TenantsOf(ctx, s.accountID, s.userID)
	if listErr != nil {
		return policy.Subject{}, listErr
	}
	for _, id := range tenants {
		other, otherErr := c.Store.Subject(ctx, id, s.userID)
		switch {
		case errors.Is(otherErr, store.ErrNotFound):
			continue // it ended just now
		case otherErr != nil || !other.Tenant.IsSuspended():
			return other, otherErr
		}
		subject, err = other, nil
	}
	return subject, err
}

// redirect sends the browser to a page of the console, with GET.
func (req *request) redirect(path string) error {
	if req.Header.Get("HX-Request") != "" {
		req.w.Header().Set("HX-Redirect", path) // otherwise htmx would insert the other page into this one
		req.w.WriteHeader(http.StatusOK)
		return nil
	}
	http.Redirect(req.w, req.Request, path, http.StatusSeeOther)
	return nil
}

// tenantPath is the path of a tenant, which redirects to the visitor's first page there.
func tenantPath(tenantID string) string { return "/console/tenants/" + url.PathEscape(tenantID) }

// keysPath is the path of a tenant's list of keys, or of a page below it.
func keysPath(tenantID string, below ...string) string {
	parts := []string{tenantPath(tenantID), "keys"}
	for _, part := range below {
		parts = append(parts, url.PathEscape(part))
	}
	return strings.Join(parts, "/")
}

// again is the URL of the page where the visitor can retry the request: each POST has a GET on the same path, which shows the form as it
// was filled in. The fields are kept on the server, as far as it is known whose they are: they never stand in a URL.
func (c *Console) again(req *request, cause error) string {
	late, ok := errors.AsType[*signedOutError](cause)
	if req.Method != http.MethodPost || !ok || len(req.PostForm) == 0 {
		return req.URL.RequestURI()
	}
	code, _, err := c.keepDraft(req, policy.User{ID: late.userID, AccountID: late.accountID})
	if err != nil {
		return req.URL.Path // the form is too large, too many are kept, or nothing can be kept now
	}
	return req.URL.Path + "?" + url.Values{draftField: {code}}.Encode()
}
