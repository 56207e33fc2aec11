package main_test

import (
	"errors"
	"slices"
	"testing"

	main "mintkey/cmd/mintkey"
)

// New secrets come into use together, or none of them does, whichever can't be used.
func TestSecretsAreReplacedTogether(t *testing.T) {
	for broken := range 3 {
		channels := main.NewChannels("mail", "webhook", "other")
		if err := channels.Replace("first", nil); err != nil {
			t.Fatal(err)
		}
		refused := errors.New("unusable")
		problems := make([]error, 3)
		problems[broken] = refused
		if err := channels.Replace("second", problems); !errors.Is(err, refused) {
			t.Errorf("with channel %d unusable: %v", broken, err)
		}
		if got, want := channels.InUse(), []string{"mail first", "webhook first", "other first"}; !slices.Equal(got, want) {
			t.Errorf("with channel %d unusable there is %q, want %q", broken, got, want)
		}
	}
}
