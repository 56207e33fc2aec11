package policy_test

import (
	"regexp"
	"strings"
	"testing"

	"mintkey/policy"
)

func TestFindSecrets(t *testing.T) {
	for name, text := range map[string]string{
		"alone":                              "<" + countingSecret + ">",
		"at the starts of lines":             "<" + countingSecret + "> first\n<" + zeroSecret + ">\r\n",
		"at the ends of lines":               "first <" + countingSecret + ">\nsecond <" + zeroSecret + ">",
		"adjacent":                           "<" + countingSecret + "><" + zeroSecret + "><" + countingSecret + ">",
		"in JSON":                            `{"client_secret":"<` + countingSecret + `>","n":1}`,
		"in a URL":                           "https://h/?s=<" + countingSecret + ">&t=1",
		"in a variable":                      "export MINTKEY_CLIENT_SECRET=<" + countingSecret + ">;",
		"after a letter":                     "x<" + countingSecret + ">",
		"before a letter":                    "<" + countingSecret + ">x",
		"after a bare prefix":                "mks_<" + countingSecret + ">",
		"inside a wrong one":                 "mks_abcmks_<" + countingSecret + ">",
		"after a wrong one":                  countingSecret[:52] + "e<" + zeroSecret + ">",
		"overlapping the end of a wrong one": "mks_" + strings.Repeat("a", 46) + "<" + countingSecret + ">",
		"between bytes that are not UTF-8":   "\xff<" + countingSecret + ">\xfe",
		"nothing":                            "",
		"a wrong checksum":                   countingSecret[:52] + "e",
		"another body":                       countingSecret[:20] + "z" + countingSecret[21:],
		"cut short":                          countingSecret[:52],
		"broken by a line end":               countingSecret[:30] + "\n" + countingSecret[30:],
		"another prefix":                     "mkz_" + countingSecret[4:],
		"only the form":                      "mks_" + strings.Repeat("a", 49),
	} {
		t.Run(name, func(t *testing.T) {
			plain, want := unmark(text)
			equal(t, "ranges", policy.FindSecrets([]byte(plain)), want)
		})
	}
}

// unmark removes the angle brackets around secrets from text, and returns where they were.
func unmark(text string) (plain string, ranges [][2]int) {
	for part := range strings.SplitSeq(text, "<") {
		inside, after, marked := strings.Cut(part, ">")
		if marked {
			ranges = append(ranges, [2]int{len(plain), len(plain) + len(inside)})
		}
		plain += inside + after
	}
	return plain, ranges
}

var secretForm = regexp.MustCompile(`^mks_[0-9A-Za-z]{49}$`)

// slowFindSecrets tries every byte of the text.
func slowFindSecrets(text string) (found [][2]int) {
	for i := 0; i+53 <= len(text); i++ {
		if s := text[i : i+53]; secretForm.MatchString(s) && slowChecksum(s[:47]) == s[47:] {
			found = append(found, [2]int{i, i + 53})
			i += 52
		}
	}
	return found
}

func FuzzFindSecrets(f *testing.F) {
	for _, seed := range []string{
		"", "mks_", countingSecret, countingSecret + zeroSecret, "mks_" + countingSecret, "x" + fullSecret + "\n" + zeroSecret,
		countingSecret[:52] + "e" + zeroSecret, countingSecret[:30] + countingSecret, strings.Repeat("mks_", 40),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		equal(t, "ranges", policy.FindSecrets(text), slowFindSecrets(string(text)))
	})
}
