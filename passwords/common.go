package passwords

import (
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/trustelem/zxcvbn/frequency"
)

// ErrCommon refuses a password that a guesser tries early.
var ErrCommon = errors.New("this password is easy to guess, because many people use it or one like it; take several words, or a random one")

const (
	// minWord is the shortest word of the list that makes a password common when only digits and signs surround it.
	minWord = 4
	// minDifferent is how many different characters a password needs.
	minDifferent = 5
	// maxOutOfStep is how many characters may not continue a run such as 123456 or aaaa.
	maxOutOfStep = 3
)

// CheckCommon returns ErrCommon for a password of the lists that zxcvbn has (30,000 passwords that leaked often, and as many words of
// English), whatever its case; for a common password with digits and signs around it, such as password12!; and for one that is little
// more than a run or a repetition. Hash calls it, so no such password gets a hash.
func CheckCommon(password string) error {
	folded := strings.ToLower(password)
	word := strings.TrimFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) })
	if listed(folded) || len(word) >= minWord && inList("passwords", word) || monotonous([]rune(folded)) {
		return ErrCommon
	}
	return nil
}

// listed looks into the lists one after the other. That takes some 200 µs, a small part of what a hash takes.
func listed(password string) bool {
	return inList("passwords", password) || inList("english_wikipedia", password) || inList("us_tv_and_film", password)
}

func inList(name, word string) bool { return slices.Contains(frequency.FrequencyLists[name], word) }

func monotonous(characters []rune) bool {
	different, outOfStep := map[rune]bool{}, 0
	for i, r := range characters {
		different[r] = true
		if i > 0 && (r-characters[i-1] > 1 || r-characters[i-1] < -1) {
			outOfStep++
		}
	}
	return len(different) < minDifferent || outOfStep <= maxOutOfStep
}
