package store

// Outcome is the result of a request for a token. It is the one list of reasons for a refusal: traffic, audit trail,
// exports and pages take their texts from it.
type Outcome int

// The outcomes. The numbers of those that are counted are in the stores: add new ones after RefusedRequest, in outcomeRows too.
const (
	TokenIssued Outcome = iota
	RefusedWrongSecret
	RefusedExpired
	RefusedRevoked
	RefusedUserDisabled
	RefusedRequest // the client is who it says, but asked for a scope, a resource or a tenant that it may not have, or from elsewhere
	RefusedQuota   // the quota of the access key or of the tenant is used up (R36)
	RefusedSuspended

	outcomes                          // how many are counted
	RefusedUnknownClient   = outcomes // no account has or had this client, so there is nothing to count it for
	RefusedTenantSuspended = outcomes + 1
	RefusedNetwork         = outcomes + 2
)

type outcomeRow struct{ name, text string }

// outcomeRows has a row for each outcome, in their order.
func outcomeRows() [outcomes + 3]outcomeRow {
	return [...]outcomeRow{
		TokenIssued:            {"issued", "Token issued"},
		RefusedWrongSecret:     {"wrong_secret", "Wrong client secret or password"},
		RefusedExpired:         {"expired", "Access key had expired"},
		RefusedRevoked:         {"revoked", "Access key had been revoked"},
		RefusedUserDisabled:    {"user_disabled", "User was disabled or had left"},
		RefusedRequest:         {"not_allowed", "Scope, resource, tenant or network not allowed"},
		RefusedQuota:           {"quota_exceeded", "Quota of tokens used up"},
		RefusedSuspended:       {"suspended", "Access key or tenant was suspended"},
		RefusedUnknownClient:   {"unknown_client", "Unknown client"},
		RefusedTenantSuspended: {"tenant_suspended", "Tenant was suspended"},
		RefusedNetwork:         {"foreign_network", "Network not allowed to the access key"},
	}
}

// String is the outcome in the audit trail and in exports. It never changes.
func (o Outcome) String() string { return outcomeRows()[o].name }

// Text is the outcome for people.
func (o Outcome) Text() string { return outcomeRows()[o].text }

// Known says whether there is such an outcome.
func (o Outcome) Known() bool { return o >= TokenIssued && o < outcomes+3 }

// Counted says whether TrafficCounts has a place for the outcome.
func (o Outcome) Counted() bool { return o < outcomes }

// CountedAs is the outcome under which TrafficCounts counts this one. The records have one place for all suspensions, and where a key may
// be used is one more thing that it may not have.
func (o Outcome) CountedAs() Outcome {
	switch o {
	case RefusedTenantSuspended:
		return RefusedSuspended
	case RefusedNetwork:
		return RefusedRequest
	default:
		return o
	}
}

// Refusals are the refusals that are counted, in the order in which they are shown.
func Refusals() (refusals []Outcome) {
	for o := TokenIssued + 1; o < outcomes; o++ {
		refusals = append(refusals, o)
	}
	return refusals
}
