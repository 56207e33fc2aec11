package policy_test

import (
	"net/mail"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"mintkey/policy"
)

func TestCheckID(t *testing.T) {
	for _, good := range []string{"a", "0", "acme", "acme-load-1", "0-", "a--b", strings.Repeat("a", 63)} {
		equal(t, good, policy.CheckID(good), nil)
	}
	for _, bad := range []string{
		"", "-a", "A", "Acme", "a_b", "a.b", "a b", "a/b", "a:b", "a{b}", "a\n",
		"\na", "a\x00", "é", "а", "..", "a%2fb", strings.Repeat("a", 64),
	} {
		equal(t, bad, policy.CheckID(bad), policy.ErrInvalidID)
	}
}

// shown are texts that are equally allowed, or not, as a name and as a label.
var shown = map[string]bool{
	"a": true, "Ada Lovelace": true, "Łódź 東京 🙂": true, "<script>": true, " padded ": true,
	strings.Repeat("é", 200): true, strings.Repeat("é", 201): false, strings.Repeat("x", 1<<20): false,
	"a\nb": false, "a\tb": false, "a\x00": false, "a\x1b[31m": false, "\xff": false, "a\u202eb": false, "a\u200bb": false,
	"a\u00a0b": true, "a\u2028b": false, "山田\u3000太郎": true, "Jean\u202fPaul": true,
	"علی\u200cرضا": true, "क्\u200dष": true, "👩\u200d💻": true, "❤\ufe0f\u200d🔥": true, // joiners inside a word
	"PDF\u200cها": true, "فارسِ\u200cی": true, "👩🏽\u200d🚀": true, "ශ්\u200dරී": true,
	"pay\u200cpal": false, "pay\u200dpal": false, "п\u200cа": false, "1\u200d2": false, "a\u0301\u200cb": false, "日\u200d本": false,
	"a\u200d👩": false, "👩\u200da": false, "👩\u200c💻": false, "한\u200c국": false, // would look like another name
	"T\u034f1": false, "A\ufe0f1": false, "T\u3164x": false, "a\u17b4b": false, "1\ufe0f": false,
	"葛\U000e0100城": true, "❤\ufe0f": true, // as above
	"\u200dada": false, "ada\u200c": false, "ada \u200c b": false, "a\u200c\u200cb": false,
	"\u200c": false, "\u3164": false, "\u2800": false, "\ufe0f": false, "\u115f \u1160": false, "\u0301": false, // show as nothing
	"a\u2066b": false, "a\u200fb": false, "a\u061cb": false, "a\ufeffb": false, "a\u00adb": false, "a\U000e0041b": false, "a\u0085b": false,
}

func TestCheckNameAndLabel(t *testing.T) {
	for text, good := range shown {
		var name, label error
		if !good {
			name, label = policy.ErrInvalidName, policy.ErrInvalidLabel
		}
		equal(t, "name "+strconv.QuoteToASCII(text), policy.CheckName(text), name)
		equal(t, "label "+strconv.QuoteToASCII(text), policy.CheckLabel(text), label)
	}
	equal(t, "empty name", policy.CheckName(""), policy.ErrInvalidName)
	equal(t, "blank name", policy.CheckName("   "), policy.ErrInvalidName)
	equal(t, "name of wide blanks", policy.CheckName("\u00a0\u3000"), policy.ErrInvalidName)
	secret := policy.NewClientSecret([32]byte{}).Reveal()
	equal(t, "a secret with a joiner in it", policy.CheckLabel(secret[:9]+"\u200d"+secret[9:]), policy.ErrInvalidLabel)
	equal(t, "an address with a joiner", policy.CheckEmail("a\u200db@example.com"), policy.ErrInvalidEmail)
	equal(t, "an address with a no-break space", policy.CheckEmail("a\u00a0b@example.com"), policy.ErrInvalidEmail)
	equal(t, "empty label", policy.CheckLabel(""), nil)
}

func TestCheckPassword(t *testing.T) {
	for password, want := range map[string]error{
		"":                               policy.ErrInvalidPassword,
		"123456789":                      policy.ErrInvalidPassword,
		"1234567890":                     nil,                       // package passwords refuses what is common
		"ééééééééé":                      policy.ErrInvalidPassword, // 9 characters in 18 bytes
		"éééééééééé":                     nil,
		strings.Repeat("é", 256):         nil,
		strings.Repeat("a", 257):         policy.ErrInvalidPassword,
		"1234567890\xff":                 policy.ErrInvalidPassword,
		strings.Repeat("long ", 200_000): policy.ErrInvalidPassword,
	} {
		equal(t, "password", policy.CheckPassword(password), want)
	}
}

// Whoever attacks a person tries the name and the address first (ASVS 6.2.11).
func TestPasswordsOfTheUser(t *testing.T) {
	ada := policy.User{ID: "ada-42", Email: "a.lovelace@example.com", Name: "Ada Lovelace"}
	for password, want := range map[string]error{
		"a.lovelace@example.com": policy.ErrPersonalPassword,
		"A.Lovelace@EXAMPLE.com": policy.ErrPersonalPassword,
		"alovelace1815":          policy.ErrPersonalPassword,
		"ada lovelace!!":         policy.ErrPersonalPassword,
		"Ada_Lovelace_2026":      policy.ErrPersonalPassword,
		"ada-4242424242":         policy.ErrPersonalPassword,
		"lovelace engine 1843":   nil,
		"4242424242":             nil,
	} {
		equal(t, password, policy.CheckPasswordOf(ada, password), want)
	}
	equal(t, "a user of digits", policy.CheckPasswordOf(policy.User{ID: "1234567890"}, "1234567890"), policy.ErrPersonalPassword)
	equal(t, "nobody", policy.CheckPasswordOf(policy.User{}, "4242424242"), nil)
}

func TestCheckEmail(t *testing.T) {
	long := func(n int) string { return "ada@" + strings.Repeat("a.", (n-8)/2) + strings.Repeat("a", n%2) + "bcde" }
	local := func(n int) string { return strings.Repeat("a", n) + "@example.com" }
	for _, good := range []string{
		"ada@example.com", "Ada.Lovelace+load@sub.example.co.uk", "ada@localhost", "a_b-c@example.com", "o'hara@example.com",
		"ада@example.com", long(254), local(64), "ada@" + strings.Repeat("a", 63) + ".example.com", "ada@exämple.com", "ada@例え.jp",
		"ada@xn--exmple-cua.com", "ada@[192.0.2.1]", "ada@a--b.example", "ada@my_host",
	} {
		equal(t, good, policy.CheckEmail(good), nil)
	}
	for _, bad := range []string{
		"", "ada", "@example.com", "ada@", "ada@@example.com", "ada@example.com,bob@example.com", "ada@example.com;bob@example.com",
		"Ada <ada@example.com>", "<ada@example.com>", " ada@example.com", "ada@example.com ", "ada @example.com", "ada(x)@example.com",
		`"ada"@example.com`, `"a b"@example.com`, "ada@example.com\n", "ada@example.com\r\nBcc: bob@example.com", "ada\x00@example.com",
		"ada@exam\xffple.com", "a\u202eda@example.com", "ada.@example.com", ".ada@example.com", "group: ada@example.com;", long(255),
		local(65), "ada@" + strings.Repeat("a", 64) + ".example.com", "ada@-example.com", "ada@example-.com", "ada@-exämple.com",
		"ada@" + strings.Repeat("ä", 60) + ".example", "ada@example..com", "ada@exa!mple.com",
	} {
		equal(t, bad, policy.CheckEmail(bad), policy.ErrInvalidEmail)
	}
}

// A domain has one spelling that every mail server takes; what is before the @ has none.
func TestASCIIDomain(t *testing.T) {
	for email, want := range map[string]string{
		"ada@exämple.com": "ada@xn--exmple-cua.com", "jörg@Bücher.example": "jörg@xn--bcher-kva.example", "Ada@Example.com": "Ada@Example.com",
		"ada@[192.0.2.1]": "ada@[192.0.2.1]",
	} {
		equal(t, email, policy.ASCIIDomain(email), want)
	}
	equal(t, "jörg", policy.HasASCIILocalPart("jörg@example.com"), false)
	equal(t, "domain only", policy.HasASCIILocalPart("ada@exämple.com"), true)
}

func TestFoldEmail(t *testing.T) {
	equal(t, "folded", policy.FoldEmail("Ada.LOVELACE@Example.COM"), policy.FoldEmail("ada.lovelace@example.com"))
	equal(t, "others stay others", policy.FoldEmail("ada@example.com") == policy.FoldEmail("ada@example.org"), false)
}

// A text that passes is one address without a name, which a mail header can hold unchanged.
func FuzzCheckEmail(f *testing.F) {
	for _, seed := range []string{
		"ada@example.com", "Ada <ada@example.com>", "a@b,c@d", `"a b"@c`, "a@b\r\nBcc: c@d", "ada(x)@b", "=?utf-8?q?a?=@b", "a@[127.0.0.1]",
		"ада@пример", "a@b>", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, email string) {
		if policy.CheckEmail(email) != nil {
			return
		}
		odd := func(r rune) bool {
			return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`<>(),;:"\`, r)
		}
		if len(email) > 254 || strings.Count(email, "@") != 1 || strings.ContainsFunc(email, odd) {
			t.Fatalf("%q passes", email)
		}
		list, err := mail.ParseAddressList("First <" + email + ">, " + email)
		if err != nil || len(list) != 2 || list[0].Address != email || list[1].Address != email {
			t.Fatalf("%q in a header is read as %v, %v", email, list, err)
		}
		if folded := policy.FoldEmail(email); policy.FoldEmail(folded) != folded {
			t.Fatalf("folding %q twice changes it again", email)
		}
	})
}
