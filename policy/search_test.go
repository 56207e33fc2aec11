package policy_test

import (
	"strings"
	"testing"

	"mintkey/policy"
)

func TestSearch(t *testing.T) {
	fields := []string{"Łukasz Żółć-Müller", "lukasz@example.com", "CI für Straße 7", "mk_AbC123"}
	for i := range fields {
		fields[i] = policy.FoldText(fields[i])
	}
	for text, found := range map[string]bool{
		"": true, "   ": true, "lukasz": true, "ŁUKASZ": true, "  muller \t": true, "zolc": true, "strasse": true, "STRAẞE": true,
		"lukasz mk_abc": true, "mk_AbC123 muller": true, "lukasz nobody": false, "lukasz@example.com,": true,
		"Łukasz <lukasz@example.com>": true, "mu\u0308ller": true, "ｌｕｋａｓｚ": true, "lukasz\u00a0ci": true, "luk asz": true, "abc 124": false,
		strings.Repeat("l ", 600): false, "<>": true,
	} {
		equal(t, text, policy.NewSearch(text).In(fields...), found)
	}
	equal(t, "words once", len(policy.NewSearch(strings.Repeat("l ", 500))), 1)
	equal(t, "rest", strings.Join(policy.NewSearch("mk_abc lukasz 9").Beyond(fields[0]), " "), "mk_abc 9")
}

// What has no accents in other scripts stays apart, or is found by what people type there.
func TestFoldTextOfScripts(t *testing.T) {
	for text, typed := range map[string]string{
		"علی\u200cرضا": "علیرضا", "Ǻsa ØRSTED": "asa orsted", "İstanbul": "istanbul", "ISPARTALı": "ispartali", "ﬁle": "file",
		"Ελένη": "ελενη", "山田\u3000太郎": "山田 太郎", "Þór": "thor",
	} {
		equal(t, text, policy.FoldText(text), policy.FoldText(typed))
	}
	for _, pair := range [][2]string{{"か", "が"}, {"कि", "की"}, {"адa", "ada"}} {
		if policy.FoldText(pair[0]) == policy.FoldText(pair[1]) {
			t.Errorf("%s and %s are two texts", pair[0], pair[1])
		}
	}
}

func FuzzFoldText(f *testing.F) {
	f.Add("Łukasz Müller", "muller")
	f.Fuzz(func(t *testing.T, name, text string) {
		if folded := policy.FoldText(name); policy.FoldText(folded) != folded {
			t.Fatalf("folding %q twice changes it again", name)
		}
		if len(name) < 1000 && !policy.NewSearch(name).In(policy.FoldText(name)) {
			t.Fatalf("%q does not find itself", name)
		}
		policy.NewSearch(text).In(policy.FoldText(name))
	})
}
