package main_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	main "mintkey/cmd/mintkey"
	"mintkey/policy"
)

// A long text is searched in parts. A secret is found once, at its place, wherever it lies across the end of one.
func TestSecretsAcrossTheEndOfAPartAreFoundOnce(t *testing.T) {
	secret := policy.NewClientSecret([32]byte{1}).Reveal()
	const part = 1 << 20
	for before := part - len(secret) - 1; before <= part+1; before++ {
		lines := before/80 + 1
		text := strings.Repeat(strings.Repeat(".", 79)+"\n", lines)[:before] + secret + "\n" + strings.Repeat("+", part)
		var stdout bytes.Buffer
		check := []string{"secret", "check", "-o", "json"}
		if err := main.Run(t.Context(), check, nil, strings.NewReader(text), &stdout, io.Discard); err == nil {
			t.Fatalf("%d bytes before it: not found", before)
		}
		var found struct {
			Items []struct{ Line, Column int }
		}
		if err := json.Unmarshal(stdout.Bytes(), &found); err != nil {
			t.Fatal(err)
		}
		if len(found.Items) != 1 || found.Items[0].Line != before/80+1 || found.Items[0].Column != before%80+1 {
			t.Errorf("%d bytes before it: %+v", before, found.Items)
		}
	}
}
