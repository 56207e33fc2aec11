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
	spared func(context.Context, *Limiter) bool // lets pass although nothing is left; nil for never
}

func (b Budget) of(parts ...string) Take {
	return Take{budget: b, key: b.Name + "/" + strings.Join(parts, "/")}
}

// WrongSecret is what a wrong client secret costs. A right one costs nothing and is never asked about, so that nobody can lock a key out.
func WrongSecret(clientID, address string) []Take {
	return []Take{secretsOfClient().of(digest(clientID)), guessesFromAddress().of(network(address))}
}

// NoClient is what it costs to present what can't be a client ID.
func NoClient(address string) []Take { return []Take{guessesFromAddress().of(network(address))} }

// User is whose password is tried. However the name is spelt and wherever it is typed, a user has one budget.
type User struct{ key string }

// KnownUser is a user who was found, or who is named by an ID.
func KnownUser(accountID, userID string) User { return User{accountID + "/" + userID} }

// UnknownUser is a name that is nobody's. The account may be empty.
func UnknownUser(accountID, name string) User {
	return User{accountID + "/?" + digest(policy.FoldEmail(name))} // no ID has a question mark
}

// Password is what a wrong password costs. It is tried for each of the users, of whom there is at least one. A device or
// address that is known to be the user's is spared the budget of all addresses together, so that strangers who use it up
// can't keep the person out.
func Password(users []User, v Visitor) []Take {
	var takes []Take
	for _, u := range users {
		everywhere := passwordsOfUser().of(u.key)
		everywhere.spared = func(ctx context.Context, l *Limiter) bool { return l.knows(ctx, u, v) }
		takes = append(takes, passwordsFromAddress().of(u.key, network(v.Address)), everywhere)
	}
	return append(takes, guessesFromAddress().of(network(v.Address)))
}

// LinkRequest is what it costs to ask for links to choose a password, whether or not somebody has the e-mail address.
func LinkRequest(email, address string) []Take {
	return []Take{linksFromAddress().of(digest(policy.FoldEmail(email)), network(address)), linksOfAddress().of(network(address))}
}

// Mailbox is what a link costs that is mailed on behalf of an account, wherever it was asked for, so that nobody can
// flood a mailbox. It goes by the e-mail address and not by the user, because another user may be given the address.
func Mailbox(accountID, email string) []Take {
	return []Take{linksToMailbox().of(accountID, digest(policy.FoldEmail(email)))}
}

// OpenIDStart is what it costs to begin a sign-in at the OpenID provider, which keeps a session in the store.
func OpenIDStart(address string) []Take { return []Take{openIDStarts().of(network(address))} }

// Form is what it costs a user to open a form, which is kept in the store until it is sent.
func Form(accountID, userID string) []Take {
	return []Take{formTokens().of(accountID, userID)}
}

// network is what counts as one address: an IPv4 address, or the /64 of an IPv6 address, which is the least that one
// household or machine has.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address // of a Unix socket
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	prefix, _ := a.Prefix(64) // which every IPv6 address has
	return prefix.String()
}

// digest stands for what a stranger typed: it may be long, and somebody may have typed a password there.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
