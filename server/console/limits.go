package console

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"mintkey/policy"
)

// The fields of a form with the limits of an access key (R33), beside quotaField.
const (
	networksField  = "networks"
	audiencesField = "audiences"
	lifetimeField  = "lifetime"
	endField       = "expires_at"
)

// limitsForm are the limits of an access key as a form has them.
type limitsForm struct {
	Networks  string // one a line
	Audiences []scopeChoice
	Lifetime  string // of tokens, in seconds
	Longest   int    // that it can be
	Quota     string // of tokens a minute
	End       string // in UTC
	Fault     fault
	Now       besides // after a change of somebody else
}

// endLayout is that of <input type=datetime-local>.
const endLayout = "2006-01-02T15:04"

// Open says whether a form of a new key shows the limits at once: one is set, or wrong.
func (f limitsForm) Open() bool {
	fields := []string{networksField, audiencesField, lifetimeField, quotaField, endField}
	return f.Fault.Text != "" && slices.Contains(fields, f.Fault.Field) || f.Networks+f.Lifetime+f.Quota+f.End != "" ||
		slices.ContainsFunc(f.Audiences, func(a scopeChoice) bool { return a.Chosen })
}

// limitsOf are the limits of a key as a form shows them.
func (c *Console) limitsOf(key policy.AccessKey) limitsForm {
	form := limitsForm{Networks: strings.Join(key.AllowedNetworks, "\n"), End: endValue(key.ExpiresAt)}
	if key.TokenLifetimeSeconds > 0 {
		form.Lifetime = strconv.Itoa(key.TokenLifetimeSeconds)
	}
	if key.TokensPerMinute > 0 {
		form.Quota = strconv.Itoa(key.TokensPerMinute)
	}
	return c.offering(form, key.Audiences, key.Audiences)
}

// limitsTyped are those that were typed for a key that has these audiences.
func (c *Console) limitsTyped(req *request, held []string, wrong fault) limitsForm {
	form := limitsForm{
		Networks: req.Form.Get(networksField), Lifetime: req.Form.Get(lifetimeField), Quota: req.Form.Get(quotaField),
		End: req.Form.Get(endField), Fault: wrong,
	}
	return c.offering(form, held, req.Form[audiencesField])
}

// offering adds what can be chosen: the audiences that are configured, and those that the key has from before.
func (c *Console) offering(form limitsForm, held, chosen []string) limitsForm {
	for _, audience := range policy.Distinct(slices.Concat(c.Service.Audiences.APIs, held)) {
		form.Audiences = append(form.Audiences, scopeChoice{Name: audience, Chosen: slices.Contains(chosen, audience)})
	}
	form.Longest = int(c.Service.TokenLifetime / time.Second)
	return form
}

// besides are the present values of those that are typed otherwise.
func (f limitsForm) besides(present limitsForm) besides {
	now := besides{}
	now.note(endField, f.End, present.End, "none")
	oneLine := func(text string) string { return strings.Join(strings.Fields(text), ", ") }
	now.note(networksField, oneLine(f.Networks), oneLine(present.Networks), "none")
	now.note(audiencesField, chosenNames(f.Audiences), chosenNames(present.Audiences), "none chosen")
	now.note(lifetimeField, f.Lifetime, present.Lifetime, "none")
	now.note(quotaField, f.Quota, present.Quota, "none")
	return now
}

func chosenNames(choices []scopeChoice) string {
	var names []string
	for _, choice := range choices {
		if choice.Chosen {
			names = append(names, choice.Name)
		}
	}
	return strings.Join(names, ", ")
}

func endValue(end time.Time) string {
	if end.IsZero() {
		return ""
	}
	return end.UTC().Format(endLayout)
}

// listed are the words of a field that takes several, one a line or however people write lists.
func listed(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;", r) })
}

// limits reads the limits of a form: a patch of those in which the form differs from the key. So what nobody touched stays as it is, be it
// finer than the form can show it or no longer allowed by the settings.
func (req *request) limits(key policy.AccessKey) (policy.KeyPatch, error) {
	var patch policy.KeyPatch
	networks := listed(req.PostForm.Get(networksField))
	if !slices.Equal(networks, key.AllowedNetworks) {
		patch.AllowedNetworks = &networks
	}
	audiences := req.PostForm[audiencesField]
	if !sameNames(audiences, key.Audiences) {
		patch.Audiences = &audiences
	}
	lifetime, err := wholeNumber(req.PostForm.Get(lifetimeField), policy.ErrInvalidTokenLifetime)
	if err != nil {
		return patch, err
	}
	if lifetime != key.TokenLifetimeSeconds {
		patch.TokenLifetimeSeconds = &lifetime
	}
	quota, err := wholeNumber(req.PostForm.Get(quotaField), policy.ErrInvalidQuota)
	if err != nil {
		return patch, err
	}
	if quota != key.TokensPerMinute {
		patch.TokensPerMinute = &quota
	}
	if typed := strings.TrimSpace(req.PostForm.Get(endField)); typed != endValue(key.ExpiresAt) {
		end, err := parseEnd(typed)
		if err != nil {
			return patch, err
		}
		patch.ExpiresAt = &end
	}
	return patch, nil
}

// sameNames says whether two lists differ in their order at most.
func sameNames(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// wholeNumber is 0 for an empty field, and wrong for what is no number above 0.
func wholeNumber(text string, wrong error) (int, error) {
	text = strings.ReplaceAll(strings.TrimSpace(text), ",", "") // as pages write numbers
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		return 0, wrong
	}
	return n, nil
}

// parseEnd reads an instant in UTC, to the minute or to the second as browsers send it; the zero time for none.
func parseEnd(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{endLayout, endLayout + ":05", "2006-01-02 15:04", time.DateOnly} {
		if end, err := time.Parse(layout, text); err == nil {
			return end, nil
		}
	}
	return time.Time{}, policy.ErrInvalidEnd
}

// limitWords says in a few words each which limits a key has, but for the quota, which has words of its own, and its end.
func limitWords(key policy.AccessKey) []string {
	var words []string
	if len(key.AllowedNetworks) > 0 {
		words = append(words, "from "+strings.Join(key.AllowedNetworks, ", "))
	}
	if len(key.Audiences) > 0 {
		words = append(words, "for "+strings.Join(key.Audiences, ", "))
	}
	if key.TokenLifetimeSeconds > 0 {
		words = append(words, "tokens of "+plural(key.TokenLifetimeSeconds, "second"))
	}
	return words
}

// limitCounts is limitWords with numbers only.
func limitCounts(key policy.AccessKey) string {
	var words []string
	if n := len(key.AllowedNetworks); n > 0 {
		words = append(words, plural(n, "network"))
	}
	if n := len(key.Audiences); n > 0 {
		words = append(words, plural(n, "API"))
	}
	if key.TokenLifetimeSeconds > 0 {
		words = append(words, "tokens of "+exactText(time.Duration(key.TokenLifetimeSeconds)*time.Second))
	}
	return strings.Join(words, ", ")
}
