package limits

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strings"

	"mintkey/policy"
)

// Take is one from a budget.
type Take struct {
	budget Budget
	key    string
	spared func(context.Context, *Limiter) bool // whether to allow the attempt although nothing is left; nil for never
}

func (b Budget) of(parts ...string) Take {
	return Take{budget: b, key: b.Name + "/" + strings.Join(parts, "/")}
}

// WrongSecret is the cost of a wrong client secret. A right one costs nothing and is never limited, so that nobody can lock a key out.
func WrongSecret(clientID, address string) []Take {
	return []Take{secretsOfClient().of(digest(clientID)), guessesFromAddress().of(network(address))}
}

// NoClient is what it costs to present what can't be a client ID.
func NoClient(address string) []Take { return []Take{guessesFromAddress().of(network(address))} }

// User is the user whose password is tried. A user has one budget, however the name is spelt and wherever it is typed.
type User struct{ key string }

// KnownUser is a user who was found or is named by ID.
func KnownUser(accountID, userID string) User { return User{accountID + "/" + userID} }

// UnknownUser is a name that no user has. The account may be empty.
func UnknownUser(accountID, name string) User {
	return User{accountID + "/?" + digest(policy.FoldEmail(name))} // no ID has a question mark
}

// Password is the cost of a wrong password, which is tried for each of the users, at least one. A known device or address of
// the user is exempt from the budget for all addresses together, so that strangers who use that up can't lock the person out.
func Password(users []User, v Visitor) []Take {
	var takes []Take
	for _, u := range users {
		takes = append(takes, passwordsFromAddress().of(u.key, network(v.Address)), passwordsOfUser().everywhere(u, v))
	}
	return append(takes, guessesFromAddress().of(network(v.Address)))
}

// everywhere is one from the user's budget for all addresses together, unless the visitor is known.
func (b Budget) everywhere(u User, v Visitor) Take {
	take := b.of(u.key)
	take.spared = func(ctx context.Context, l *Limiter) bool { return l.knows(ctx, u, v) }
	return take
}

// RecoveryCode is the cost of a wrong recovery code, after the password. It is apart from that of passwords, so that nobody without the
// password can use it up.
func RecoveryCode(u User, v Visitor) []Take {
	return []Take{
		codesFromAddress().of(u.key, network(v.Address)), codesOfUser().everywhere(u, v), guessesFromAddress().of(network(v.Address)),
	}
}

// PasskeyStart is the cost of asking for a passkey at a sign-in, which takes a record in the store. It is counted by address also when the
// password was right: whoever has the password and nothing else must not use up what the person needs.
func PasskeyStart(address string) []Take { return []Take{passkeysOfAddress().of(network(address))} }

// LinkRequest is the cost of asking for links to choose a password, whether or not a user has the e-mail address.
func LinkRequest(email, address string) []Take {
	return []Take{linksFromAddress().of(digest(policy.FoldEmail(email)), network(address)), linksOfAddress().of(network(address))}
}

// Mailbox is the cost of a link that is mailed on behalf of an account, wherever it was asked for, so that nobody can flood a
// mailbox. It is counted by e-mail address, not by user, because the address may move to another user.
func Mailbox(accountID, email string) []Take {
	return []Take{linksToMailbox().of(accountID, digest(policy.FoldEmail(email)))}
}

// OpenIDStart is the cost of beginning a sign-in at the OpenID provider, which takes a session in the store.
func OpenIDStart(address string) []Take { return []Take{openIDStarts().of(network(address))} }

// LeakReport is the cost of reporting leaked secrets, whether or not there is such a secret (R35).
func LeakReport(address string) []Take { return []Take{leaksOfAddress().of(network(address))} }

// Form is the cost of opening a form, whose token is kept in the store until the form is sent.
func Form(accountID, userID string) []Take {
	return []Take{formTokens().of(accountID, userID)}
}

// Draft is the cost of keeping a form that was sent until its sender has signed in or proved who they are.
func Draft(accountID, userID string) []Take {
	return []Take{draftsOfUser().of(accountID, userID)}
}

// NewBrowser is the cost of a mail about a sign-in from a new browser, so that whoever has the password can't flood the mailbox.
func NewBrowser(u User) []Take { return []Take{newBrowsersOfUser().of(u.key)} }

// TokenOfKey is a token for an access key that has a quota, above 0, of tokens a minute (R36).
func TokenOfKey(clientID string, quota int) Take { return tokensOfKey().with(quota).of(clientID) }

// TokenOfTenant is a token for a tenant that has a quota, above 0, of tokens a minute (R36).
func TokenOfTenant(tenantID string, quota int) Take { return tokensOfTenant().with(quota).of(tenantID) }

func (b Budget) with(quota int) Budget {
	b.Rate.Burst = quota
	return b
}

// network returns what counts as one address: an IPv4 address, or the /64 of an IPv6 address, the smallest block that a
// household or machine gets.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address // of a Unix socket
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	prefix, _ := a.Prefix(64) // never fails for an IPv6 address
	return prefix.String()
}

// digest replaces text that a stranger typed: it may be long, and it may be a password typed into the wrong field.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
