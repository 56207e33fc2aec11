package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The joiners that Persian, many scripts of India and emoji need inside a word. They show as nothing.
const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// OnOneLine says whether the character can be part of a name or a label: it is printable, a space of whatever script, or a joiner. It is
// never a control character, a line break or a bidi override, which would drive a terminal or change what stands around it.
func OnOneLine(r rune) bool { return unicode.IsPrint(r) || unicode.Is(unicode.Zs, r) || isJoiner(r) }

func isJoiner(r rune) bool { return r == zeroWidthNonJoiner || r == zeroWidthJoiner }

// printable says whether the text can be shown on one line, and shows as something unless it is empty. It also refuses a client secret,
// which would be shown in lists, mails and logs (R3), with joiners in it as well.
func printable(text string) bool {
	oneLine := !strings.ContainsFunc(text, func(r rune) bool { return !OnOneLine(r) })
	if !utf8.ValidString(text) || !oneLine || !joinersInside(text) || !selectorsApply(text) {
		return false
	}
	without := strings.Map(func(r rune) rune {
		if isJoiner(r) {
			return -1
		}
		return r
	}, text)
	return !HasSecret(without) && (strings.TrimSpace(text) == "" || strings.ContainsFunc(text, shows))
}

// selectorsApply says whether each variation selector stands behind what has variants: a symbol, an ideograph or a Mongolian letter.
// Elsewhere it shows as nothing, as do the other characters that are to be ignored where they are not supported (UTS 39).
func selectorsApply(text string) bool {
	var previous rune
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r):
			return false
		case unicode.Is(unicode.Variation_Selector, r) && !unicode.In(previous, unicode.So, unicode.Sm, unicode.Han, unicode.Mongolian):
			return false
		}
		previous = r
	}
	return true
}

// joinersInside says whether each joiner stands inside a word where it can change how the word looks. Anywhere else it shows as nothing,
// and would make a name that looks like another one: in "pay", a joiner and "pal".
func joinersInside(text string) bool {
	for i, r := range text {
		if isJoiner(r) && !joins(r, text[:i], text[i+utf8.RuneLen(r):]) {
			return false
		}
	}
	return true
}

// joins says whether a joiner between the texts does anything: beside a letter of a script that joins letters (RFC 5892 appendices A.1 and
// A.2 are stricter, and would refuse names that people have), or between the parts of an emoji (UTS 51).
func joins(joiner rune, before, after string) bool {
	isMark := func(r rune) bool { return unicode.In(r, unicode.M) }
	previous, _ := utf8.DecodeLastRuneInString(before)
	next, _ := utf8.DecodeRuneInString(after)
	base, _ := utf8.DecodeLastRuneInString(strings.TrimRightFunc(before, isMark))
	if isJoiner(base) || !inWord(previous) || !inWord(next) {
		return false
	}
	if unicode.In(previous, joining()...) || unicode.In(base, joining()...) || unicode.In(next, joining()...) {
		return true
	}
	return joiner == zeroWidthJoiner && unicode.In(base, unicode.So, unicode.Sk) && unicode.Is(unicode.So, next)
}

func inWord(r rune) bool { return r != utf8.RuneError && !unicode.IsSpace(r) && !isJoiner(r) }

// joining are the scripts in which letters join, or have a virama that makes them do so.
func joining() []*unicode.RangeTable {
	return []*unicode.RangeTable{
		unicode.Adlam, unicode.Arabic, unicode.Balinese, unicode.Bengali, unicode.Brahmi, unicode.Chakma, unicode.Devanagari,
		unicode.Grantha, unicode.Gujarati, unicode.Gurmukhi, unicode.Hanifi_Rohingya, unicode.Javanese, unicode.Kaithi, unicode.Kannada,
		unicode.Khmer, unicode.Malayalam, unicode.Mandaic, unicode.Manichaean, unicode.Meetei_Mayek, unicode.Mongolian, unicode.Myanmar,
		unicode.Newa, unicode.Nko, unicode.Oriya, unicode.Phags_Pa, unicode.Sharada, unicode.Sinhala, unicode.Sogdian, unicode.Sundanese,
		unicode.Syloti_Nagri, unicode.Syriac, unicode.Tai_Tham, unicode.Tamil, unicode.Telugu, unicode.Tibetan, unicode.Tirhuta,
	}
}

// shows says whether the character can be seen by itself. Fillers of Korean and the blank of Braille are letters and symbols by their
// category, and marks need something to stand on.
func shows(r rune) bool {
	const brailleBlank = '\u2800'
	return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && r != brailleBlank &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
