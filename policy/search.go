package policy

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// FoldText is the form in which texts are searched: without case, accents and joiners, with one kind of space, and with letters that
// nobody types on a foreign keyboard as the ones that look like them, so that "lukasz" finds Łukasz. It is for finding people, never for
// telling them apart: see FoldEmail.
func FoldText(text string) string {
	if isASCII(text) {
		return strings.ToLower(text)
	}
	bare := strings.Map(func(r rune) rune {
		switch {
		case isJoiner(r), unicode.Is(unicode.Inherited, r) && unicode.Is(unicode.Mn, r) && !isKanaMark(r):
			return -1
		default:
			return r
		}
	}, norm.NFKD.String(text))
	return plainLetters.Replace(norm.NFKC.String(cases.Fold().String(bare)))
}

// isKanaMark says whether the mark makes another letter of a Japanese one.
func isKanaMark(r rune) bool { return r == '\u3099' || r == '\u309a' }

// plainLetters have no decomposition in Unicode.
var plainLetters = strings.NewReplacer(
	"ł", "l", "ø", "o", "đ", "d", "ð", "d", "ħ", "h", "ı", "i", "ŧ", "t", "æ", "ae", "œ", "oe", "þ", "th",
)

// Search is what somebody types to find records: words that must each be in one of the fields of a record. The empty one finds all.
type Search []string

// maxSearch is how long a search is in bytes. What is longer is in no record; without a bound it would cost a comparison for each of its
// words and each record.
const maxSearch = 1024

// NewSearch takes the words of a text, without what surrounds a pasted address.
func NewSearch(text string) Search {
	if len(text) > maxSearch {
		return Search{"\n"} // which no field has
	}
	var words Search
	for word := range strings.FieldsSeq(FoldText(text)) {
		if word = strings.Trim(word, `<>"',;“”`); word != "" && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

// In says whether each word is in one of the fields, which are texts folded by FoldText.
func (s Search) In(fields ...string) bool { return len(s.Beyond(fields...)) == 0 }

// Beyond is the search for the words that are in none of the fields.
func (s Search) Beyond(fields ...string) Search {
	var rest Search
	for i, word := range s {
		if !slices.ContainsFunc(fields, func(field string) bool { return strings.Contains(field, word) }) {
			if rest == nil {
				rest = make(Search, 0, len(s)-i)
			}
			rest = append(rest, word)
		}
	}
	return rest
}

func isASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}
