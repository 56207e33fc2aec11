package admin

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// ReportedByGitHub is the LeakReport.By of what GitHub's secret scanning has signed.
const ReportedByGitHub = "github"

// LeakReport is what somebody says has leaked (R35). It holds no secret.
type LeakReport struct {
	Secrets   []LeakedSecret
	By        string // who says so, if that is known for certain; empty for anybody
	Address   string
	RequestID string
	At        time.Time
}

// LeakedSecret is one secret of a report.
type LeakedSecret struct {
	Digest policy.Digest
	URL    string // where it was found; may be anything
}

// ReportLeak does what policy.Membership.WithLeakedSecret says with the access key of each secret that works (R35). Everybody may: whoever
// has the secret could do worse. What is unknown or works no more changes nothing and is no error. It can be repeated after an error.
func (s *Service) ReportLeak(ctx context.Context, report LeakReport) error {
	var all error
	for _, secret := range report.Secrets {
		clientIDs, err := s.Store.KeysByDigestPrefix(ctx, secret.Digest.Prefix())
		all = errors.Join(all, err)
		for _, clientID := range clientIDs {
			err := s.followed(ctx, clientID, func() error { return s.reportLeakOf(ctx, report, clientID, secret) })
			if !errors.Is(err, policy.ErrKeyNotFound) { // nothing is left to stop
				all = errors.Join(all, err)
			}
		}
	}
	return all
}

// reportLeakOf is policy.ErrKeyNotFound if whoever had the key does not have it any more.
func (s *Service) reportLeakOf(ctx context.Context, report LeakReport, clientID string, secret LeakedSecret) error {
	owner, err := s.Store.SubjectByClientID(ctx, clientID)
	if errors.Is(err, store.ErrNotFound) {
		return policy.ErrKeyNotFound
	}
	if err != nil {
		return err
	}
	reporter := Actor{Via: "api", Address: report.Address, RequestID: report.RequestID, At: report.At}
	change := func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		before, err := m.Key(clientID)
		if err != nil {
			return m, nil, err
		}
		after, effect, err := m.WithLeakedSecret(clientID, secret.Digest, owner.Account.Expiration, report.At)
		if err != nil || effect == policy.LeakChangesNothing {
			return m, nil, err
		}
		event := keyEvent(reporter, policy.ActionKeyLeaked, m, before, secret.details(effect, report.By))
		event.Payload.Leak = &policy.LeakFacts{Effect: effect}
		if report.By != "" {
			event.Payload.Leak.URL = reportedURL(secret.URL)
		}
		if event.Payload.Revoked = policy.RevokedTokensOf(before); effect == policy.LeakEndsOverlap {
			left, _ := after.Key(clientID)
			event.Payload.Revoked = policy.TokensLost(before, left, report.At)
		}
		return after, []policy.Event{event}, nil
	}
	err = s.changeMembership(ctx, owner.Membership.TenantID, owner.Membership.UserID, change)
	if errors.Is(err, store.ErrNotFound) { // the membership has ended meanwhile
		return policy.ErrKeyNotFound
	}
	return err
}

func (l LeakedSecret) details(effect policy.LeakEffect, by string) map[string]string {
	details := map[string]string{policy.DetailEffect: string(effect)}
	if where := reportedURL(l.URL); where != "" {
		details[policy.DetailURL] = where
	}
	if by != "" {
		details[policy.DetailReportedBy] = by
	}
	return details
}

// maxReportedURL is how long the URL of a report can be, in bytes.
const maxReportedURL = 500

// reportedURL is where a secret was found, as anybody may have written it, in the form that is kept: http or https, in ASCII, and without
// credentials, query and secrets. It is empty for anything else and for what is too long: a report is as good without it.
func reportedURL(given string) string {
	u, err := url.Parse(given)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || len(given) > maxReportedURL {
		return ""
	}
	u.User, u.RawQuery, u.ForceQuery = nil, "", false
	u.RawPath, u.RawFragment = "", "" // else a secret could hide behind needless escapes
	kept := policy.WithoutSecrets(u.String())
	if len(kept) > maxReportedURL || strings.ContainsFunc(kept, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return kept
}
