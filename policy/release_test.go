package policy_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"mintkey/policy"
)

func release(t *testing.T, text string) policy.Release {
	t.Helper()
	r, err := policy.ParseRelease(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReleasesCompareAsNumbers(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"24.3", "2024.3", 0},
		{"24.10", "24.3", 1},
		{"24.3", "24.10", -1},
		{"2023.4", "24.3", -1},
		{"24.1", "23.12", 1},
		{"2023.12", "24.0", -1},
		{"20.1", "2020.1", 0},
		{"00.1", "99.1", -1},
		{"24.999", "25.0", -1},
		{"2024.03", "24.3", 0},
		{"24.02", "24.2", 0},
		{"2023.07", "23.7", 0},
		{"2021.01", "2021.1", 0},
		{"24.3.1", "24.3", 1},
		{"24.3.0", "24.3", 0},
		{"24.3.1", "24.03.01", 0},
		{"24.3.10", "24.3.9", 1},
		{"24.2.999", "24.3", -1},
	} {
		equal(t, test.a+" and "+test.b, release(t, test.a).Compare(release(t, test.b)), test.want)
		equal(t, test.b+" and "+test.a, release(t, test.b).Compare(release(t, test.a)), -test.want)
	}
}

func TestAllowsPassword(t *testing.T) {
	for text, want := range map[string]bool{
		"24.2": true, "2024.2": true, "24.0": true, "2023.4": true, "23.12": true, "2020.1": true, "20.3": true, "00.0": true,
		"2023.07": true, "2021.01": true, "24.02": true, "24.2.9": true, "2024.02.01": true,
		"24.03": false, "2024.03": false, "24.3.1": false, "24.3.0": false, "2024.10": false, "24.010": false,
		"24.3": false, "2024.3": false, "24.4": false, "24.10": false, "2024.20": false, "24.30": false, "25.1": false, "2025.0": false,
		"99.999": false,
	} {
		equal(t, text, release(t, text).AllowsPassword(), want)
	}
	equal(t, "no release, as of a tenant that does not exist", policy.Release{}.AllowsPassword(), false)
}

func TestParseReleaseRefuses(t *testing.T) {
	for _, text := range []string{
		"", ".", "24", "24.", ".3", "2024", "4.3", "024.3", "0024.3", "1999.4", "2124.3", "20240.3", "24.1000", "24.0003", "24.3.1000",
		"24.3.", "24.3..1", "24.3.1.1", "24.3.x", ".24.3", "2024-03",
		"24..3",
		" 24.3", "24.3 ", "24.3\n", "\n24.3", "24.3\x00", "24. 3", "v24.3", "24.3-rc1", "24.3+1", "+24.3", "-24.3", "24.-3", "24.+3", "24,3",
		"24.3e1",
		"24.0x3", "0x18.3", "24.3_0", "2_4.3", "２４.３", "٢٤.٣", "24．3", "24.³", "latest", "24.x", "2024.99999999999999999999",
		strings.Repeat("9", 10000),
	} {
		got, err := policy.ParseRelease(text)
		equal(t, "error of "+strconv.Quote(text), err, policy.ErrInvalidRelease)
		if got != (policy.Release{}) || got.AllowsPassword() {
			t.Errorf("%q was read as %v", text, got)
		}
		if len(err.Error()) > 300 {
			t.Errorf("the error about a long release has %d bytes", len(err.Error()))
		}
	}
}

func TestReleaseInJSON(t *testing.T) {
	text, err := json.Marshal(policy.Tenant{Release: release(t, "2023.4")})
	equal(t, "error", err, nil)
	var back policy.Tenant
	equal(t, "error", json.Unmarshal(text, &back), nil)
	equal(t, "as written", back.Release.String(), "2023.4")
	equal(t, "compares", back.Release.Compare(release(t, "23.4")), 0)
	equal(t, "error", json.Unmarshal([]byte(`{"release":"24"}`), &back), policy.ErrInvalidRelease)
	equal(t, "after an error", back.Release.AllowsPassword(), false)
}

// slowRelease reads a release one part at a time.
func slowRelease(text string) (year, number int, ok bool) {
	parts := strings.Split(text, ".")
	if len(parts) < 2 || len(parts) > 3 || strings.Trim(strings.Join(parts, ""), "0123456789") != "" {
		return 0, 0, false
	}
	for _, part := range parts[1:] {
		if part == "" || len(part) > 3 {
			return 0, 0, false
		}
	}
	year, err := strconv.Atoi(parts[0])
	if err != nil || len(parts[0]) != 2 && (len(parts[0]) != 4 || year < 2000 || year > 2099) {
		return 0, 0, false
	}
	number, err = strconv.Atoi(parts[1])
	return year % 100, number, err == nil
}

func FuzzParseRelease(f *testing.F) {
	for _, seed := range []string{
		"24.3", "2024.3", "2023.4", "24.10", "20.1", "1999.4", "24.03", "2021.01", "24.3.1", "24.3\n", "24.1000", "٢٤.٣", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := policy.ParseRelease(text)
		year, number, ok := slowRelease(text)
		if (err == nil) != ok {
			t.Fatalf("%q: %v, want read: %v", text, err, ok)
		}
		equal(t, "password", r.AllowsPassword(), ok && (year < 24 || year == 24 && number < 3))
		if err == nil {
			equal(t, "text", r.String(), text)
		}
	})
}
