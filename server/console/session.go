package console

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"mintkey/policy"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/store/ephemeral"
)

const (
	idleTimeout     = time.Hour
	absoluteTimeout = 12 * time.Hour
	touchEvery      = time.Minute // how exact the idle time-out is; a write for each request would be dear
)

// Names of values in a session.
const (
	sessionAccount  = "account"
	sessionUser     = "user"
	sessionTenant   = "tenant"
	sessionStarted  = "started"
	sessionSeen     = "seen"
	sessionPassword = "password"
	sessionNotice   = "notice"
	sessionLink     = "link"  // to choose a password, before the sign-in
	sessionEmail    = "email" // for the sign-in page
)

// session is who signed in, and when.
type session struct {
	accountID, userID string
	tenantID          string // that was last looked at
	started, seen     time.Time
	password          string // fingerprint of the password hash at sign-in
}

func (c *Console) newSessions() *scs.SessionManager {
	m := scs.New()
	m.Store = sessionStore{c.Store, c.ClockOffset}
	m.HashTokenInStore = true // whoever reads the store can't use a session
	m.Lifetime = absoluteTimeout
	m.Cookie.Name = "mintkey-session"
	m.Cookie.Path = "/console"
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Persist = false
	if strings.HasPrefix(c.Issuer, "https:") {
		m.Cookie.Name, m.Cookie.Path, m.Cookie.Secure = "__Host-mintkey-session", "/", true
	}
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		v, missing := newVisit(w, r)
		c.showError(v, cmp.Or(missing, err))
	}
	return m
}

// session reads the session of a request, judged at now. Without one that still counts it is errSignedOut.
func (c *Console) session(ctx context.Context, now time.Time) (session, error) {
	s := session{
		accountID: c.sessions.GetString(ctx, sessionAccount), userID: c.sessions.GetString(ctx, sessionUser),
		tenantID: c.sessions.GetString(ctx, sessionTenant), password: c.sessions.GetString(ctx, sessionPassword),
		started: time.Unix(0, c.sessions.GetInt64(ctx, sessionStarted)), seen: time.Unix(0, c.sessions.GetInt64(ctx, sessionSeen)),
	}
	if s.userID == "" {
		return s, errSignedOut
	}
	if now.Sub(s.seen) >= idleTimeout || now.Sub(s.started) >= absoluteTimeout {
		return s, errors.Join(errSignedOut, c.sessions.Destroy(ctx))
	}
	ended, err := c.sessionCutoffs().Ended(ctx, s.userID, s.started)
	if err != nil {
		return s, err
	}
	if ended {
		return s, errors.Join(errSignedOut, c.sessions.Destroy(ctx))
	}
	return s, nil
}

// begin starts a session under a new token, so that one that was planted in the browser before is worth nothing.
func (c *Console) begin(ctx context.Context, subject policy.Subject, now time.Time) error {
	if err := c.sessions.Clear(ctx); err != nil {
		return err
	}
	if err := c.sessions.RenewToken(ctx); err != nil {
		return err
	}
	for name, value := range map[string]any{
		sessionAccount: subject.Account.ID, sessionUser: subject.User.ID, sessionTenant: subject.Tenant.ID,
		sessionStarted: now.UnixNano(), sessionSeen: now.UnixNano(), sessionPassword: fingerprint(subject.User),
	} {
		c.sessions.Put(ctx, name, value)
	}
	return nil
}

// remember keeps the tenant for pages that name none, and that the session is in use.
func (c *Console) remember(ctx context.Context, s session, tenantID string, now time.Time) {
	if tenantID != s.tenantID {
		c.sessions.Put(ctx, sessionTenant, tenantID)
	}
	if now.Sub(s.seen) >= touchEvery {
		c.sessions.Put(ctx, sessionSeen, now.UnixNano())
	}
}

// fits says whether the user may go on with the session: a new password ends those that the old one began.
func (s session) fits(u policy.User) bool {
	return u.AccountID == s.accountID && fingerprint(u) == s.password
}

func fingerprint(u policy.User) string { return ephemeral.Digest(u.PasswordHash) }

// sessionCutoffs end every session of a user, by user ID, that began until then.
func (c *Console) sessionCutoffs() ephemeral.Cutoffs {
	return ephemeral.Cutoffs{Store: c.Store, Prefix: "sessions-ended/", Longest: absoluteTimeout}
}

// sessionStore keeps the sessions of scs in the store's ephemeral values. scs counts by the real clock; the store is swept by the server's, which
// may be shifted.
//
// A session that ended leaves a tombstone. scs saves the session of a request at its end, whatever has happened since it was loaded, so
// a request that was under way while somebody signed out would otherwise bring the session back. Looking for a tombstone before saving would
// leave a gap; so the session may be saved, and is not found.
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

// DeleteCtx writes the tombstone first, and keeps it for as long as any session can last.
func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	info, err := web.About(ctx)
	if err != nil {
		return err
	}
	if err := s.tombstones().Put(ctx, token, struct{}{}, info.At.Add(absoluteTimeout)); err != nil {
		return err
	}
	return s.ephemera.DeleteEphemeral(ctx, sessionKey(token))
}

// errNoContext answers the methods without a context, which scs does not call where those above exist.
var errNoContext = errors.New("console: a session store needs a context")

func (sessionStore) Find(string) ([]byte, bool, error)      { return nil, false, errNoContext }
func (sessionStore) Commit(string, []byte, time.Time) error { return errNoContext }
func (sessionStore) Delete(string) error                    { return errNoContext }
