package console

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// detailWords says the details of an event in words, with names for the users that they mention. What this version has no words for comes
// as it is. Exports, which programs read, have detailTexts instead.
func detailWords(e policy.Event, names names) []string {
	d := maps.Clone(e.Details)
	var words []string
	add := func(text string) {
		if text != "" {
			words = append(words, text)
		}
	}
	take := func(name string) string { value := d[name]; delete(d, name); return value }
	switch e.Action {
	case policy.ActionTokenRefused, policy.ActionSessionRefused:
		add(refusalWords(take("count"), take(policy.DetailReason)))
	case policy.ActionPolicyChanged:
		add("now " + policyWords(take("enabled"), take("period_days")))
		add("before " + policyWords(take("enabled_before"), take("period_days_before")))
	case policy.ActionKeyExpiring, policy.ActionKeyExpired, policy.ActionKeyPurged:
		if days := take("days_before"); days != "" {
			add(countWords(days, "day") + " before")
		}
		if at := take("expires_at"); at != "" {
			add("expiry " + instantWords(at))
		}
	case policy.ActionSessionEnded:
		if count := take("count"); count != "" {
			add(countWords(count, "session"))
		}
	case policy.ActionUserUpdated:
		changed := take(policy.DetailChanged)
		add(changedWords(changed, take("roles"), take("disabled")))
	default:
	}
	for _, w := range detailTable() {
		if value, ok := d[w.name]; ok {
			delete(d, w.name)
			add(w.words(value, names))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d)) {
		if d[name] != "" {
			add(strings.ReplaceAll(name, "_", " ") + ": " + d[name])
		}
	}
	return words
}

type detail struct {
	name  string
	words func(value string, names names) string
}

// detailTable has the words for details, in the order in which they are shown.
func detailTable() []detail {
	plain := func(before string) func(string, names) string {
		return func(value string, _ names) string {
			if value == "" {
				return ""
			}
			return before + value
		}
	}
	yes := func(text string) func(string, names) string {
		return func(value string, _ names) string {
			if value != "true" {
				return ""
			}
			return text
		}
	}
	orNone := func(none, before string) func(string, names) string {
		return func(value string, _ names) string {
			if value == "none" {
				return none
			}
			return before + strings.ReplaceAll(value, " ", ", ")
		}
	}
	counted := func(none, before, noun, after string) func(string, names) string {
		return func(value string, _ names) string {
			if value == "none" {
				return none
			}
			return before + countWords(value, noun) + after
		}
	}
	return []detail{
		{"from", func(id string, n names) string { return "from " + n.user(id) }},
		{"to", func(id string, n names) string { return "to " + n.user(id) }},
		{"label", func(label string, _ names) string {
			if label == "" {
				return "label taken away"
			}
			return "label “" + label + "”"
		}},
		{"name", func(name string, _ names) string { return "“" + name + "”" }},
		{policy.DetailNameBefore, func(name string, _ names) string { return "“" + name + "” before" }},
		{"release", plain("release ")},
		{"email", plain("")},
		{"role", func(role string, _ names) string { return "role " + strings.ToLower(roleText(policy.Role(role))) }},
		{"roles", func(roles string, _ names) string { return rolesWords(roles) }},
		{"kind", func(kind string, _ names) string {
			if policy.UserKind(kind) == policy.KindService {
				return "a robot"
			}
			return kind
		}},
		{"scopes", orNone("", "scopes ")},
		{"audiences", orNone("for all APIs", "for ")},
		{policy.DetailAllowedNetworks, orNone("from every network", "from ")},
		{policy.DetailTokenLifetime, counted("tokens of the usual lifetime", "tokens of ", "second", "")},
		{policy.DetailTokensPerMinute, counted("no quota", "quota of ", "token", " a minute")},
		{policy.DetailNoticeAddresses, orNone("notices to owners alone", "notices also to ")},
		{policy.DetailOwnEnd, func(end string, _ names) string {
			if end == "none" {
				return "no end of its own"
			}
			return "ends for good " + instantWords(end)
		}},
		{"overlap_seconds", func(seconds string, _ names) string {
			n, err := strconv.Atoi(seconds)
			if err != nil || n == 0 {
				return ""
			}
			return "the old secret works for " + exactText(time.Duration(n)*time.Second) + " more"
		}},
		{policy.DetailRevokedTokens, yes("its tokens ended too")},
		{policy.DetailDroppedScopes, orNone("", "lost scopes ")},
		{policy.DetailRepeated, yes("repeated, because the answer was lost")},
		{policy.DetailPickUp, yes("to be picked up by its owner")},
		{"picked_up", yes("picked up by its owner")},
		{policy.DetailEffect, func(effect string, _ names) string {
			switch policy.LeakEffect(effect) {
			case policy.LeakStopsKey:
				return "the key is suspended until it is refreshed"
			case policy.LeakEndsOverlap:
				return "the old secret stopped"
			default:
				return effect
			}
		}},
		{policy.DetailReportedBy, plain("reported by ")},
		{policy.DetailURL, plain("found at ")},
		{policy.DetailReason, func(reason string, _ names) string {
			if reason == "" {
				return ""
			}
			return "“" + reason + "”"
		}},
		{"method", func(method string, _ names) string { return methodWords(method, "the OpenID provider") }},
		{"everywhere", yes("everywhere")},
		{policy.DetailByLink, yes("by a mailed link")},
		{"emergency", func(value string, _ names) string {
			if value != "true" {
				return ""
			}
			return "in an emergency"
		}},
	}
}

// refusalWords is "12 wrong secrets".
func refusalWords(count, reason string) string {
	n, err := strconv.Atoi(count)
	if err != nil {
		n = 1
	}
	if noun := map[string]string{
		store.RefusedWrongSecret.String(): "wrong secret", policy.SignInWrongPassword: "wrong password",
		policy.SignInWrongPasskey: "wrong passkey", policy.SignInWrongCode: "wrong recovery code",
	}[reason]; noun != "" {
		return plural(n, noun)
	}
	text := map[string]string{
		policy.SignInUnknownUser: "unknown user", policy.SignInDisabled: "the user is disabled",
		policy.SignInSuspended: "the tenant is suspended",
		policy.SignInNotMember: "a member of no tenant", policy.SignInOtherPerson: "somebody else at the OpenID provider",
		policy.SignInTooMany: "too many attempts", policy.SignInNotAsked: "the OpenID provider did not ask again",
		policy.SignInCopiedPasskey: "a passkey that has been copied",
	}[reason]
	for o := store.TokenIssued; o <= store.RefusedNetwork; o++ {
		if text == "" && o.String() == reason {
			text = strings.ToLower(o.Text()[:1]) + o.Text()[1:]
		}
	}
	return plural(n, "request") + ": " + cmp.Or(text, reason)
}

func policyWords(enabled, days string) string {
	if enabled != "true" {
		return "off"
	}
	return "on, with " + countWords(days, "day")
}

// changedWords says what a change of a user changed.
func changedWords(changed, roles, disabled string) string {
	var words []string
	for field := range strings.SplitSeq(changed, ", ") {
		switch field {
		case "roles":
			words = append(words, rolesWords(roles))
		case "disabled":
			words = append(words, map[string]string{"true": "disabled", "false": "enabled"}[disabled])
		case "email":
			words = append(words, "e-mail address")
		case "openid":
			words = append(words, "sign-in at the OpenID provider")
		default:
			words = append(words, strings.ReplaceAll(field, "_", " "))
		}
	}
	return strings.Join(words, ", ")
}

func rolesWords(roles string) string {
	if roles == "" {
		return "no role in the account"
	}
	var words []string
	for _, role := range strings.FieldsFunc(roles, func(r rune) bool { return r == ' ' || r == ',' }) {
		words = append(words, strings.ToLower(roleText(policy.Role(role))))
	}
	return "role " + strings.Join(words, ", ")
}

func countWords(count, noun string) string {
	n, err := strconv.Atoi(count)
	if err != nil {
		return count + " " + noun + "s"
	}
	return plural(n, noun)
}

// exactText writes a time that somebody has set, which is not rounded.
func exactText(d time.Duration) string {
	switch {
	case d%policy.Day == 0:
		return plural(int(d/policy.Day), "day")
	case d%time.Hour == 0:
		return plural(int(d/time.Hour), "hour")
	case d%time.Minute == 0:
		return plural(int(d/time.Minute), "minute")
	default:
		return plural(int(d/time.Second), "second")
	}
}

func instantWords(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text
	}
	return at.UTC().Format("2 Jan 2006, 15:04 UTC")
}
