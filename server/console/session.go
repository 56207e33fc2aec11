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
	touchEvery      = time.Minute // precision of the idle time-out; writing on every request would cost too much
)

// Names of values in a session.
const (
	sessionAccount = "account"
	sessionUser    = "user"
	sessionTenant  = "tenant"
	sessionStarted = "started"
	sessionSeen    = "seen"
	sessionState   = "state"
	sessionMethod  = "method"
	sessionPasskey = "passkey"
	sessionProved  = "proved"
	sessionNotice  = "notice"
	sessionLink    = "link"  // to choose a password, before the sign-in
	sessionEmail   = "email" // for the sign-in page
)

// session is a sign-in: the user and the time.
type session struct {
	accountID, userID string
	tenantID          string // the last one used
	started, seen     time.Time
	state             string // fingerprint of the user at sign-in
	proof
	provedAt time.Time // when the visitor last proved who they are
}

// proof is how somebody has proved who they are: a policy.Method, with the ID of the passkey if there was one.
type proof struct{ method, passkey string }

func (c *Console) newSessions() *scs.SessionManager {
	m := scs.New()
	m.Store = sessionStore{c.Store, c.ClockOffset}
	m.HashTokenInStore = true // so that reading the store is not enough to use a session
	m.Lifetime = absoluteTimeout
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
		tenantID: c.sessions.GetString(ctx, sessionTenant), state: c.sessions.GetString(ctx, sessionState),
		started: time.Unix(0, c.sessions.GetInt64(ctx, sessionStarted)), seen: time.Unix(0, c.sessions.GetInt64(ctx, sessionSeen)),
		proof: proof{
			method:  cmp.Or(c.sessions.GetString(ctx, sessionMethod), policy.MethodPassword), // the weakest, for sessions of an earlier version
			passkey: c.sessions.GetString(ctx, sessionPasskey),
		},
		provedAt: time.Unix(0, c.sessions.GetInt64(ctx, sessionProved)),
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

// begin starts a session under a new token, so that a token planted in the browser beforehand is useless.
func (c *Console) begin(ctx context.Context, subject policy.Subject, how proof, now time.Time) error {
	if err := c.sessions.Clear(ctx); err != nil {
		return err
	}
	if err := c.sessions.RenewToken(ctx); err != nil {
		return err
	}
	for name, value := range map[string]any{
		sessionAccount: subject.Account.ID, sessionUser: subject.User.ID, sessionTenant: subject.Tenant.ID,
		sessionStarted: now.UnixNano(), sessionSeen: now.UnixNano(), sessionState: fingerprint(subject.User),
		sessionMethod: how.method, sessionPasskey: how.passkey, sessionProved: now.UnixNano(),
	} {
		c.sessions.Put(ctx, name, value)
	}
	return nil
}

// remember saves the tenant, for pages whose path names none, and the time of use.
func (c *Console) remember(ctx context.Context, s session, tenantID string, now time.Time) {
	if tenantID != s.tenantID {
		c.sessions.Put(ctx, sessionTenant, tenantID)
	}
	if now.Sub(s.seen) >= touchEvery {
		c.sessions.Put(ctx, sessionSeen, now.UnixNano())
	}
}

// validFor reports whether the session is still the user's in the tenant. It hangs on the records that it began with: deleting or
// disabling the user, or making a robot of them, ends it, as does another password, e-mail address or identity at the provider, a
// membership that ended, and a suspension of the tenant. Undoing any of these does not bring it back. Removing the passkey that it began
// with ends it too, and so does the first passkey if it began with a password alone.
func (s session) validFor(subject policy.Subject) bool {
	if _, err := subject.User.Passkey(s.passkey); s.passkey != "" && err != nil {
		return false
	}
	return subject.User.StillSignedIn(s.method) &&
		!subject.User.IsRobot() && subject.User.AccountID == s.accountID && fingerprint(subject.User) == s.state &&
		!s.started.Before(subject.Membership.JoinedAt) && s.started.After(subject.Tenant.EndedBefore)
}

func fingerprint(u policy.User) string { return ephemeral.Digest(u.SignInState()) }

// sessionCutoffs end all sessions of a user, by user ID, that began up to a given time.
func (c *Console) sessionCutoffs() ephemeral.Cutoffs {
	return ephemeral.Cutoffs{Store: c.Store, Prefix: "sessions-ended/", Longest: absoluteTimeout}
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
	if err := s.tombstones().Put(ctx, token, struct{}{}, info.At.Add(absoluteTimeout)); err != nil {
		return err
	}
	return s.ephemera.DeleteEphemeral(ctx, sessionKey(token))
}

// errNoContext is returned by the methods without a context, which scs does not call if the store has the ones above.
var errNoContext = errors.New("console: a session store needs a context")

func (sessionStore) Find(string) ([]byte, bool, error)      { return nil, false, errNoContext }
func (sessionStore) Commit(string, []byte, time.Time) error { return errNoContext }
func (sessionStore) Delete(string) error                    { return errNoContext }
