package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func (p *program) tokenCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "token",
		Short: "Fetch a token with an access key",
		Long: "Fetch a token with an access key and print it, alone on its line. With -o json, print the whole answer of the token endpoint.\n" +
			"A key that is about to expire, and an old secret of a key that was refreshed, are warnings on standard error.",
		Example: "  curl -H \"Authorization: Bearer $(mintkey token)\" https://api.example.com/",
		Args:    arguments(cobra.NoArgs),
	}
	flags := addAccessFlags(c)
	c.AddCommand(p.tokenIntrospectCommand(flags), p.tokenRevokeCommand(flags))
	var wanted tokenRequest
	c.Flags().StringVar(&wanted.scope, "scope", "", "scopes to ask for, separated by spaces (default: all of the key's)")
	c.Flags().StringVar(&wanted.resource, "resource", "",
		"audience to ask for (default: the first API configured, or the server itself if all scopes are for administration)")
	decode := c.Flags().Bool("decode", false, "show what is in the token instead of the token")
	c.RunE = func(c *cobra.Command, _ []string) error {
		a, err := p.resolve(c.Context(), flags)
		if err != nil {
			return err
		}
		answer, err := p.fetchToken(c.Context(), a, wanted)
		switch {
		case err != nil:
			return err
		case *decode:
			return p.printDecoded(answer.AccessToken)
		default:
			return p.print(answer.raw, func(w io.Writer) { _, _ = fmt.Fprintln(w, answer.AccessToken) })
		}
	}
	return c
}

func (p *program) printDecoded(token string) error {
	header, payload, err := decodeToken(token)
	if err != nil {
		return err
	}
	parts := map[string]json.RawMessage{"header": header, "claims": payload}
	return p.print(parts, func(w io.Writer) { showDecoded(w, header, payload, p.clock()) })
}

// decodeToken returns the header and the claims of a JWT as JSON. It does not verify the signature.
func decodeToken(token string) (header, payload json.RawMessage, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, nil, errors.New("the token is not a JWT")
	}
	for i, into := range []*json.RawMessage{&header, &payload} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || !json.Valid(text) {
			return nil, nil, errors.New("the token is not a JWT")
		}
		*into = text
	}
	return header, payload, nil
}

// showDecoded writes both parts in the order of the token, with its times in a readable form.
func showDecoded(w io.Writer, header, payload json.RawMessage, now time.Time) {
	for _, part := range []json.RawMessage{header, payload} {
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, part, "", "  "); err != nil {
			continue // decodeToken has checked it
		}
		_, _ = fmt.Fprintln(w, pretty.String())
	}
	var times struct {
		Issued  int64 `json:"iat"`
		Expires int64 `json:"exp"`
	}
	if json.Unmarshal(payload, &times) != nil {
		return
	}
	issued, expires := time.Unix(times.Issued, 0).UTC(), time.Unix(times.Expires, 0).UTC()
	_, _ = fmt.Fprintf(w, "issued   %s\nexpires  %s (in %v)\n", issued.Format(time.DateTime+" MST"), expires.Format(time.DateTime+" MST"),
		expires.Sub(now).Round(time.Second))
}
