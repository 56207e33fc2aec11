package api

import "time"

// Traffic counts token requests of an account, a tenant or an access key, by time and by what they were for.
type Traffic struct {
	AccountID   string        `json:"account_id"`
	TenantID    string        `json:"tenant_id,omitempty"`
	ClientID    string        `json:"client_id,omitempty"`
	Range       string        `json:"range"`
	StepSeconds int           `json:"step_seconds"`
	Total       TrafficCounts `json:"total"`
	Steps       []TrafficStep `json:"steps"`
	Parts       []TrafficPart `json:"parts"`
	Others      TrafficCounts `json:"others"`
}

// TrafficCounts are the tokens issued and refused, and why they were refused.
type TrafficCounts struct {
	Issued  int64            `json:"issued"`
	Refused int64            `json:"refused"`
	Reasons map[string]int64 `json:"reasons"`
}

// TrafficStep has the counts from an instant on.
type TrafficStep struct {
	From time.Time `json:"from"`
	TrafficCounts
}

// TrafficPart has the counts of a tenant of the account, or of an access key of the tenant.
type TrafficPart struct {
	TenantID string `json:"tenant_id,omitempty"`
	ClientID string `json:"client_id,omitempty"`
	TrafficCounts
}
