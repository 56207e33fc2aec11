package limits

import (
	"time"

	"mintkey/store"
)

// Budget is a row of the table.
type Budget struct {
	Name string     // in keys of the store, metrics and docs
	Per  string     // what one budget is for
	What string     // what it counts
	Rate store.Rate // a Burst of 0 stands for what an admin has set
}

const quarter = 15 * time.Minute

func secretsOfClient() Budget {
	return Budget{"secrets-client", "client ID", "wrong client secrets", store.Rate{Burst: 30, Period: time.Minute}}
}

func guessesFromAddress() Budget {
	const what = "wrong client secrets, passwords and recovery codes"
	return Budget{"guesses-address", "address", what, store.Rate{Burst: 300, Period: time.Minute}}
}

func passwordsFromAddress() Budget {
	return Budget{"passwords-user-address", "user and address", "wrong passwords", store.Rate{Burst: 10, Period: time.Minute}}
}

func passwordsOfUser() Budget {
	return Budget{"passwords-user", "user", "wrong passwords", store.Rate{Burst: 100, Period: quarter}}
}

func linksFromAddress() Budget {
	const per, what = "e-mail address typed and address", "requests for a link to choose a password"
	return Budget{"links-email-address", per, what, store.Rate{Burst: 5, Period: quarter}}
}

func linksOfAddress() Budget {
	return Budget{"links-address", "address", "requests for a link to choose a password", store.Rate{Burst: 30, Period: quarter}}
}

func linksToMailbox() Budget {
	const per, what = "account and mailbox", "links to choose a password that are mailed"
	return Budget{"links-mailbox", per, what, store.Rate{Burst: 3, Period: time.Hour}}
}

func openIDStarts() Budget {
	return Budget{"openid-address", "address", "sign-ins begun at the OpenID provider", store.Rate{Burst: 300, Period: quarter}}
}

func passkeysOfAddress() Budget {
	return Budget{"passkeys-address", "address", "passkeys asked for at a sign-in", store.Rate{Burst: 300, Period: quarter}}
}

func codesFromAddress() Budget {
	return Budget{"codes-user-address", "user and address", "wrong recovery codes", store.Rate{Burst: 10, Period: time.Minute}}
}

func codesOfUser() Budget {
	return Budget{"codes-user", "user", "wrong recovery codes", store.Rate{Burst: 100, Period: quarter}}
}

func leaksOfAddress() Budget {
	return Budget{"leaks-address", "address", "reports of leaked secrets", store.Rate{Burst: 60, Period: time.Minute}}
}

// A form is kept until it is sent, for 12 hours at most, so these are about as many as a user can have there.
func formTokens() Budget {
	return Budget{"forms-user", "user", "forms opened in the console", store.Rate{Burst: 600, Period: 12 * time.Hour}}
}

// A draft is kept for an hour at most, with up to 16 KiB.
func draftsOfUser() Budget {
	const what = "forms kept in the console until their sender has signed in or proved who they are"
	return Budget{"drafts-user", "user", what, store.Rate{Burst: 60, Period: time.Hour}}
}

func newBrowsersOfUser() Budget {
	return Budget{"browsers-user", "user", "mails about a sign-in from a new browser", store.Rate{Burst: 10, Period: time.Hour}}
}

func tokensOfKey() Budget {
	return Budget{"quota-key", "access key", "tokens issued", store.Rate{Period: time.Minute}}
}

func tokensOfTenant() Budget {
	return Budget{"quota-tenant", "tenant", "tokens issued", store.Rate{Period: time.Minute}}
}

// Table returns every budget.
func Table() []Budget {
	return []Budget{
		secretsOfClient(), guessesFromAddress(), passwordsFromAddress(), passwordsOfUser(),
		linksFromAddress(), linksOfAddress(), linksToMailbox(), openIDStarts(), formTokens(), draftsOfUser(), newBrowsersOfUser(),
		leaksOfAddress(),
		passkeysOfAddress(), codesFromAddress(), codesOfUser(),
		tokensOfKey(), tokensOfTenant(),
	}
}
