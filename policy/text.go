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
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !OnOneLine(r) }) || !joinersInside(text) {
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

// joinersInside says whether each joiner stands inside a word, and not beside another joiner.
func joinersInside(text string) bool {
	inWord := func(r rune) bool { return r != utf8.RuneError && !unicode.IsSpace(r) && !isJoiner(r) }
	for i, r := range text {
		if !isJoiner(r) {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[i+utf8.RuneLen(r):])
		if !inWord(before) || !inWord(after) {
			return false
		}
	}
	return true
}

// shows says whether the character can be seen by itself. Fillers of Korean and the blank of Braille are letters and symbols by their
// category, and marks need something to stand on.
func shows(r rune) bool {
	const brailleBlank = '\u2800'
	return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && r != brailleBlank &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
