package configs

import (
	"fmt"
	"net/netip"
	"net/url"
	"unicode/utf8"

	"mintkey/policy"
)

const (
	needsProvider   = "can be set together with oidc.issuer only"
	everyAccount    = "*"
	maxProviderName = 40 // characters: what fits on a button
)

func (o OIDC) checkIssuer() string {
	if o.Issuer == "" {
		return ""
	}
	u, err := url.Parse(o.Issuer)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return "must be the https URL of the provider, without user, query or fragment; http is allowed on this machine only"
	}
	return ""
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// checkNeeded is for settings that must be set with an issuer, and not without one.
func (o OIDC) checkNeeded(text string) string {
	switch {
	case o.Issuer == "" && text != "":
		return needsProvider
	case o.Issuer != "" && text == "":
		return "must be set together with oidc.issuer"
	}
	return ""
}

func (o OIDC) checkSwitch(on bool) string {
	if on && o.Issuer == "" {
		return needsProvider
	}
	return ""
}

func (o OIDC) checkAccount() string {
	switch {
	case o.Account == "":
		return ""
	case o.Issuer == "":
		return needsProvider
	case o.Account != everyAccount && policy.CheckID(o.Account) != nil:
		return fmt.Sprintf("%.60q must be the ID of an account, or * for every account", o.Account)
	}
	return ""
}

func (o OIDC) checkName() string {
	switch {
	case o.Name == "":
		return ""
	case o.Issuer == "":
		return needsProvider
	case policy.CheckName(o.Name) != nil || utf8.RuneCountInString(o.Name) > maxProviderName:
		return fmt.Sprintf("%.60q must have at most %d printable characters", o.Name, maxProviderName)
	}
	return ""
}

// checkAssume needs one account, because a provider for many companies may let each of them enter addresses of the others.
func (o OIDC) checkAssume() string {
	if o.AssumeEmailVerified && (o.Account == "" || o.Account == everyAccount) {
		return "needs oidc.issuer, and one account in oidc.account: otherwise the provider would be trusted about addresses of other companies"
	}
	return o.checkSwitch(o.AssumeEmailVerified)
}
