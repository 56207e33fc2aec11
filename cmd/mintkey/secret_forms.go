package main

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"slices"

	"mintkey/policy"
)

// foundSecret is a client secret in a text, and the byte at which what it is written in begins.
type foundSecret struct {
	at     int
	secret string
}

// longestForm is how many bytes of a text a secret takes at most, in base64 that is broken into lines and indented.
const longestForm = 512

// The underscore of the prefix as it is, and as URLs (also when they are in another URL), JSON, HTML and quoted-printable mail may have it.
// All other characters of a secret are letters and digits, which nothing escapes.
var escapedSecret = regexp.MustCompile(
	`mks(?:_|%(?:25){0,3}5[Ff]|\\{1,2}u005[Ff]|&#95;|&#[Xx]5[Ff];|&lowbar;|=5[Ff])([0-9A-Za-z]{49})`)

// UTF-16 of either byte order, from the first byte of a character to that of the last one.
var wideSecret = regexp.MustCompile(`m\x00k\x00s\x00_(?:\x00[0-9A-Za-z]){49}`)

// secretsIn finds client secrets by their checksums, in the order of the text: as they are, escaped, in UTF-16, and in base64 of a text
// that they are a part of, such as a header of Basic authentication or a Secret of Kubernetes.
func secretsIn(text []byte) []foundSecret {
	found := append(escapedSecrets(text), wideSecrets(text)...)
	found = append(found, encodedSecrets(text)...)
	slices.SortStableFunc(found, func(a, b foundSecret) int { return a.at - b.at })
	return found
}

func isSecret(text string) bool { return policy.ClientSecretFromRequest(text).WellFormed() }

func escapedSecrets(text []byte) (found []foundSecret) {
	for start := 0; ; {
		at := escapedSecret.FindSubmatchIndex(text[start:])
		if at == nil {
			return found
		}
		from, body := start+at[0], text[start+at[2]:start+at[3]]
		if secret := policy.SecretPrefix + string(body); isSecret(secret) {
			found = append(found, foundSecret{from, secret})
		}
		start += at[2] // another one may begin within what only looked like one
	}
}

func wideSecrets(text []byte) (found []foundSecret) {
	for _, at := range wideSecret.FindAllIndex(text, -1) {
		var narrow []byte
		for i := at[0]; i < at[1]; i += 2 {
			narrow = append(narrow, text[i])
		}
		if isSecret(string(narrow)) {
			found = append(found, foundSecret{at[0], string(narrow)})
		}
	}
	return found
}

// encodedSecrets finds secrets in base64 of either alphabet. Lines may be broken anywhere. A group of four characters stands for three
// bytes, so there are three ways in which the prefix can be written, depending on how many bytes of a group go before it.
func encodedSecrets(text []byte) (found []foundSecret) {
	solid, places := withoutBlanks(text)
	for before := range 3 {
		mark, offset := encodedPrefix(before)
		length := base64.RawStdEncoding.EncodedLen(before + policy.SecretLength)
		for start := 0; ; {
			at := bytes.Index(solid[start:], mark)
			if at < 0 {
				break
			}
			from := start + at - offset
			start += at + 1
			if from < 0 || from+length > len(solid) {
				continue
			}
			decoded := decode(solid[from : from+length])
			if secret := string(decoded[min(before, len(decoded)):]); isSecret(secret) {
				found = append(found, foundSecret{places[from], secret})
			}
		}
	}
	return found
}

// encodedPrefix is the part of the prefix's base64 that is the same whatever goes before and after it, and its place in the group where the
// prefix begins.
func encodedPrefix(before int) (mark []byte, offset int) {
	const bits = 6 // of a character
	first := (8*before + bits - 1) / bits
	end := 8 * (before + len(policy.SecretPrefix)) / bits
	whole := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), policy.SecretPrefix...))
	return []byte(whole[first:end]), first
}

// decode is nil for what is no base64 of the standard alphabet or that of URLs.
func decode(text []byte) []byte {
	encoding := base64.RawStdEncoding
	if bytes.ContainsAny(text, "-_") {
		encoding = base64.RawURLEncoding
	}
	decoded, err := encoding.AppendDecode(nil, text)
	if err != nil {
		return nil
	}
	return decoded
}

// withoutBlanks returns a text without blanks and line breaks, and the place of each byte.
func withoutBlanks(text []byte) (solid []byte, places []int) {
	solid, places = make([]byte, 0, len(text)), make([]int, 0, len(text))
	for i, b := range text {
		if b != ' ' && b != '\t' && b != '\r' && b != '\n' {
			solid, places = append(solid, b), append(places, i)
		}
	}
	return solid, places
}
