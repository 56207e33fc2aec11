package chaos_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The table of docs/guarantees.md has the rows of the matrix, with their loads, in order.
func TestGuaranteesHaveTheRowsOfTheMatrix(t *testing.T) {
	text, err := os.ReadFile("../../docs/guarantees.md")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, row := range matrix() {
		want = append(want, row.name+" | "+row.load.String())
	}
	for _, match := range regexp.MustCompile(`(?m)^\| ([^|]+ \| \d+ tokens/s, \d+ writes/s) \|`).FindAllStringSubmatch(string(text), -1) {
		got = append(got, match[1])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-matrix +docs):\n%s", diff)
	}
}
