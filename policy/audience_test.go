package policy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"mintkey/policy"
)

func two() policy.Audiences {
	return policy.Audiences{Issuer: "https://id.example", APIs: []string{"https://a.example", "https://b.example"}}
}

func TestDefaultAudience(t *testing.T) {
	none := policy.Audiences{Issuer: "https://id.example"}
	for _, c := range []struct {
		name      string
		audiences policy.Audiences
		fence     string
		scopes    string
		want      string
	}{
		{"a scope of the catalogue", two(), "", "api", "https://a.example"},
		{"both kinds", two(), "", "self api", "https://a.example"},
		{"administration alone", two(), "", "self keys:read", "https://id.example"},
		{"a fence", two(), "https://b.example", "api", "https://b.example"},
		{"the order is that of the configuration", two(), "https://b.example https://a.example", "api", "https://a.example"},
		{"a fence does not close the issuer", two(), "https://b.example", "self", "https://id.example"},
		{"an API that is no longer configured", two(), "https://gone.example", "api", ""},
		{"nothing configured", none, "", "api self", "https://id.example"},
		{"nothing configured any more", none, "https://gone.example", "api", ""},
		{"nothing configured any more, administration", none, "https://gone.example", "self", "https://id.example"},
	} {
		if got := c.audiences.Default(strings.Fields(c.fence), strings.Fields(c.scopes)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestOpenAudiences(t *testing.T) {
	fence := []string{"https://b.example"}
	for audience, want := range map[string][2]bool{ // without a fence, and with one
		"https://id.example": {true, true},
		"https://a.example":  {true, false},
		"https://b.example":  {true, true},
		"https://c.example":  {false, false},
		"":                   {false, false},
	} {
		if got := [2]bool{two().Open(audience, nil), two().Open(audience, fence)}; got != want {
			t.Errorf("%q: %v, want %v", audience, got, want)
		}
	}
	if two().Open("https://gone.example", []string{"https://gone.example"}) {
		t.Error("a fence opens an audience that is not configured")
	}
}

func TestScopesFitTheAudience(t *testing.T) {
	none := policy.Audiences{Issuer: "https://id.example"}
	scopes := []string{"api", "self", "reports", "keys:read"}
	for _, c := range []struct {
		audiences policy.Audiences
		audience  string
		fence     []string
		want      string
	}{
		{two(), "https://a.example", nil, "api reports"},
		{two(), "https://id.example", nil, "self keys:read"},
		{none, "https://id.example", nil, "api self reports keys:read"},
		{none, "https://id.example", []string{"https://gone.example"}, "self keys:read"},
	} {
		if got := strings.Join(c.audiences.Fit(c.audience, c.fence, scopes), " "); got != c.want {
			t.Errorf("for %s: %q, want %q", c.audience, got, c.want)
		}
	}
}

func TestFenceOfConfiguredAudiences(t *testing.T) {
	for _, good := range [][]string{nil, {"https://a.example"}, {"https://b.example", "https://a.example"}} {
		if err := two().CheckFence(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range [][]string{{"https://c.example"}, {"https://id.example"}, {""}, {"https://a.example", "https://A.example"}} {
		err := two().CheckFence(bad)
		if !errors.Is(err, policy.ErrInvalidTarget) || !strings.Contains(err.Error(), "https://a.example, https://b.example") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	none := policy.Audiences{Issuer: "https://id.example"}
	if err := none.CheckFence([]string{"https://id.example"}); !errors.Is(err, policy.ErrInvalidTarget) {
		t.Errorf("nothing configured: %v", err)
	}
	if all := two().All(); !slices.Equal(all, []string{"https://a.example", "https://b.example", "https://id.example"}) {
		t.Errorf("all: %q", all)
	}
}
