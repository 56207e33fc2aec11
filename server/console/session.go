package console

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/store/ephemeral"
)

const (
	touchEvery  = time.Minute // precision of the idle time-out; writing on every request would cost too much
	sessionKept = admin.SessionLongest + admin.SessionRemembered
)

// Names of values in a session.
const (
	sessionAccount = "account"
	sessionUser    = "user"
	sessionTenant  = "tenant"
	sessionID      = "id"
	sessionMethod  = "method"
	sessionPasskey = "passkey"
	sessionNotice  = "notice"
	sessionLink    = "link"   // to choose a password, before the sign-in
	sessionEmail   = "email"  // for the sign-in page
	sessionProved  = "proved" // when the visitor last proved who they are

	// Of the sign-out at the OpenID provider: the ID token that names the session there, and for somebody who has signed out here, the code of
	// what is kept for that, and the state with which they come back.
	sessionIDToken = "id-token"
	sessionLeaving = "leaving"
	sessionLeft    = "left"

	// Of a round through the OpenID provider to prove it again.
	sessionProofState = "proof-state"
	sessionProofBegun = "proof-begun"
)

// session is a sign-in: the user and the time.
type session struct {
	accountID, userID string
	tenantID          string // the last one used

	admin.Session
	proof
}

// proof is how somebody has proved who they are: a policy.Method, with the ID of the passkey if there was one, or the ID token of a
// provider that has a sign-out.
type proof struct {
	method, passkey, idToken string

	at time.Time // if it was before the sign-in here: the provider may not have asked; else zero
}

// lately is when it was, as far as is known at now.
func (p proof) lately(now time.Time) time.Time {
	if p.at.IsZero() || p.at.After(now) {
		return now
	}
	return p.at
}

func (c *Console) newSessions() *scs.SessionManager {
	m := scs.New()
	m.Store = sessionStore{c.Store, c.ClockOffset}
	m.HashTokenInStore = true // so that reading the store is not enough to use a session
	m.Lifetime = sessionKept
	m.Cookie.Name = "mintkey-session"
	m.Cookie.Path = "/console"
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Persist = false
	if strings.HasPrefix(c.URL, "https:") {
		m.Cookie.Name, m.Cookie.Path, m.Cookie.Secure = "__Host-mintkey-session", "/", true
	}
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		req, missing := newRequest(w, r)
		c.showError(req, cmp.Or(missing, err))
	}
	return m
}

// session returns the session of a request, or errSignedOut if there is none that is valid at now.
func (c *Console) session(ctx context.Context, now time.Time) (session, error) {
	s := session{
		accountID: c.sessions.GetString(ctx, sessionAccount), userID: c.sessions.GetString(ctx, sessionUser),
		tenantID: c.sessions.GetString(ctx, sessionTenant),
		proof: proof{
			method:  cmp.Or(c.sessions.GetString(ctx, sessionMethod), policy.MethodPassword), // the weakest, for sessions of an earlier version
			passkey: c.sessions.GetString(ctx, sessionPasskey),
			idToken: c.sessions.GetString(ctx, sessionIDToken),
		},
	}
	if s.userID == "" {
		return s, errSignedOut
	}
	var err error
	s.Session, err = c.Service.Session(ctx, s.userID, c.sessions.GetString(ctx, sessionID), now)
	switch {
	case errors.Is(err, admin.ErrSessionOver): // the record stays for a while: it says whose a form is that is sent too late
		return s, &signedOutError{s.accountID, s.userID}
	case errors.Is(err, store.ErrNotFound):
		return s, errors.Join(errSignedOut, c.sessions.Destroy(ctx))
	}
	return s, err
}

// signedOutError is errSignedOut for somebody who is known: their session has ended by time alone.
type signedOutError struct{ accountID, userID string }

func (*signedOutError) Error() string { return errSignedOut.Error() }

// Is makes errors.Is(err, errSignedOut) true.
func (*signedOutError) Is(target error) bool { return target == errSignedOut }

// begin starts a session under a new token, so that a token planted in the browser beforehand is useless.
func (c *Console) begin(req *request, actor admin.Actor, how proof) error {
	ctx := req.Context()
	if err := c.endThisSession(req); err != nil {
		return err
	}
	if err := c.sessions.Clear(ctx); err != nil {
		return err
	}
	if err := c.sessions.RenewToken(ctx); err != nil {
		return err
	}
	begun := admin.Session{
		ID: ephemeral.NewCode(), Method: how.method, Address: actor.Address, Browser: browserOf(req.UserAgent()),
		Started: actor.At, Seen: actor.At,
	}
	for name, value := range map[string]any{
		sessionAccount: actor.Account.ID, sessionUser: actor.User.ID, sessionTenant: actor.Tenant.ID,
		sessionID: begun.ID, sessionProved: how.lately(actor.At).UnixNano(),
		sessionMethod: how.method, sessionPasskey: how.passkey,
	} {
		c.sessions.Put(ctx, name, value)
	}
	if how.idToken != "" {
		c.sessions.Put(ctx, sessionIDToken, how.idToken)
	}
	if actor.InAccount {
		c.sessions.Put(ctx, sessionAlone, true)
	}
	return c.Service.StartSession(ctx, actor, begun)
}

// endThisSession ends the session of this browser, if there is one that is alive.
func (c *Console) endThisSession(req *request) error {
	s, err := c.session(req.Context(), req.info.At)
	if errors.Is(err, errSignedOut) {
		return nil
	}
	if err != nil {
		return err
	}
	err = c.Service.EndSession(req.Context(), admin.Actor{Subject: policy.Subject{User: policy.User{ID: s.userID}}, At: req.info.At}, s.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// remember saves the tenant, for pages whose path names none, and the time of use, and returns the session with them.
func (c *Console) remember(req *request, s session) (session, error) {
	if tenantID := req.in.Tenant.ID; tenantID != s.tenantID && !closedTo(req.actor, s.method, req.in.Account) {
		c.sessions.Put(req.Context(), sessionTenant, tenantID)
		s.tenantID = tenantID
		c.rememberTenant(req.Context(), s.userID, tenantID, req.info.At)
	}
	if req.info.At.Sub(s.Seen) < touchEvery {
		return s, nil
	}
	s.Seen = req.info.At
	return s, c.Service.SessionUsed(req.Context(), req.actor, s.ID)
}

// validFor reports whether the session is still the user's in the tenant. It hangs on the records that it began with: deleting or
// disabling the user, or making a robot of them, ends it, as does another password, e-mail address or identity at the provider, a
// membership that ended, and a suspension of the tenant. Undoing any of these does not bring it back. Removing the passkey that it began
// with ends it too, and so does the first passkey if it began with a password alone.
func (s session) validFor(subject policy.Subject) bool {
	if _, err := subject.User.Passkey(s.passkey); s.passkey != "" && err != nil {
		return false
	}
	return subject.User.StillSignedIn(s.method) && subject.User.AccountID == s.accountID && s.Of(subject.User) &&
		!s.Started.Before(subject.Membership.JoinedAt) && s.Started.After(subject.Tenant.EndedBefore)
}

// sessionStore keeps scs's records in the store's ephemeral values, which expire on their own. scs uses the real clock; the store expires
// values by the server's, which may be shifted.
//
// A session that has ended leaves a tombstone. scs saves a session at the end of the request, whatever has happened since it was loaded,
// so a request in progress during a sign-out would otherwise bring the session back. Checking for a tombstone before saving would leave
// a race; so the session may be saved, but FindCtx does not return it.
type sessionStore struct {
	ephemera store.Ephemera
	offset   time.Duration
}

func sessionKey(token string) string { return "session/" + token }

func (s sessionStore) tombstones() ephemeral.Records[struct{}] {
	return ephemeral.Records[struct{}]{Store: s.ephemera, Prefix: "session-tombstone/"}
}

func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	value, err := s.ephemera.Ephemeral(ctx, sessionKey(token))
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	_, err = s.tombstones().Get(ctx, token)
	if errors.Is(err, store.ErrNotFound) {
		return value, true, nil
	}
	return nil, false, err
}

func (s sessionStore) CommitCtx(ctx context.Context, token string, value []byte, expires time.Time) error {
	return s.ephemera.PutEphemeral(ctx, sessionKey(token), value, expires.Add(s.offset))
}

// DeleteCtx writes the tombstone first. It lasts as long as any session can.
func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	info, err := web.About(ctx)
	if err != nil {
		return err
	}
	if err := s.tombstones().Put(ctx, token, struct{}{}, info.At.Add(sessionKept)); err != nil {
		return err
	}
	return s.ephemera.DeleteEphemeral(ctx, sessionKey(token))
}

// errNoContext is returned by the methods without a context, which scs does not call if the store has the ones above.
var errNoContext = errors.New("console: a session store needs a context")

func (sessionStore) Find(string) ([]byte, bool, error)      { return nil, false, errNoContext }
func (sessionStore) Commit(string, []byte, time.Time) error { return errNoContext }
func (sessionStore) Delete(string) error                    { return errNoContext }
