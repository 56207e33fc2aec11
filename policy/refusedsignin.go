package policy

// Ways to sign in, in the details of events.
const (
	MethodPassword = "password"
	MethodOpenID   = "openid"
	// MethodPasskey is a passkey in place of the password. The others are a password, and after it a passkey or a recovery code.
	MethodPasskey            = "passkey"
	MethodPasswordAndPasskey = "password_and_passkey"
	MethodPasswordAndCode    = "password_and_recovery_code"
)

// SignInMethods are the ways to sign in.
func SignInMethods() []string {
	return []string{MethodPassword, MethodOpenID, MethodPasskey, MethodPasswordAndPasskey, MethodPasswordAndCode}
}

// Reasons to refuse a sign-in, in the details of events. The visitor is not told which it was.
const (
	SignInWrongPassword = "wrong_password"
	SignInUnknownUser   = "unknown_user"
	SignInDisabled      = "user_disabled"
	SignInSuspended     = "tenant_suspended"
	SignInNotMember     = "not_a_member"
	SignInOtherPerson   = "other_person"    // of the OpenID provider: see ErrOtherPerson
	SignInNotAsked      = "not_asked_again" // by the OpenID provider, when the person was to prove who they are once more
	SignInTooMany       = "too_many_attempts"
	SignInWrongPasskey  = "wrong_passkey"
	SignInCopiedPasskey = "copied_passkey" // see ErrPasskeyCopied
	SignInWrongCode     = "wrong_recovery_code"
)

// RefusedSignIn is a failed attempt to act as a person: at the console, or with the password grant.
type RefusedSignIn struct {
	Action    Action // ActionSessionRefused or ActionTokenRefused
	AccountID string // empty if no account was named or found
	TenantID  string // empty at the console
	UserID    string // as somebody typed it, so there may be no such user; empty if nothing was found
	Method    string
	Reason    string
}

// Via is what the event says of the way that the attempt came.
func (r RefusedSignIn) Via() string {
	if r.Action == ActionSessionRefused {
		return "console"
	}
	return "api"
}
