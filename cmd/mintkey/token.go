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

	"mintkey/cmd/mintkey/hangup"
)

func (p *program) tokenCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "token",
		Short: "Fetch a token with an access key, and with --watch keep a fresh one in a file",
		Long: "Fetch a token with an access key and print it, alone on its line. With -o json, print the whole answer of the token endpoint.\n" +
			"A key that is about to expire, and an old secret of a key that was refreshed, are warnings on standard error.\n\n" +
			"With --out FILE the token, and nothing else, goes into FILE. The file is replaced as a whole; a new one only its owner can read,\n" +
			"one that is there keeps owner and permissions.\n" +
			"With --watch it is replaced before it ends, for programs that stay: after some 60 percent of its life, and at once on SIGHUP. The\n" +
			"access key is read again each time, so it may be rotated. While the server is away, FILE keeps its token, and this command goes\n" +
			"on trying. It ends with exit code 0 on SIGTERM, and with another one when the access key is refused and the token in FILE has\n" +
			"ended. It tells systemd when the first token is there (Type=notify).",
		Example: "  curl -H \"Authorization: Bearer $(mintkey token)\" https://api.example.com/\n" +
			"  mintkey token --watch --out /run/billing/token",
		Args:        arguments(cobra.NoArgs),
		Annotations: map[string]string{isServer: isServer}, // with --watch; else SIGHUP ends it, as RunE says
	}
	flags := addAccessFlags(c)
	c.AddCommand(p.tokenIntrospectCommand(flags), p.tokenRevokeCommand(flags))
	wanted := addTokenFlags(c)
	decode := c.Flags().Bool("decode", false, "show what is in the token instead of the token")
	out := c.Flags().String("out", "", "file to put the token into")
	watch := c.Flags().Bool("watch", false, "keep a token that works in the file, until this command is stopped")
	c.RunE = func(c *cobra.Command, _ []string) error {
		switch {
		case *decode && *out != "":
			return usagef("give either --decode or --out")
		case *watch && *out == "":
			return usagef("--watch needs --out, the file to keep the token in")
		case *watch && flags.secretFile == "-":
			return usagef("--watch reads the secret again and again: put it into a file, or use MINTKEY_CLIENT_SECRET")
		case *watch:
			return p.watchToken(c.Context(), flags, wanted.request(), *out)
		}
		hangup.Ends()
		a, err := p.resolve(c.Context(), flags)
		if err != nil {
			return err
		}
		answer, err := p.fetchToken(c.Context(), a, wanted.request())
		switch {
		case err != nil:
			return err
		case *decode:
			return p.printDecoded(answer.AccessToken)
		case *out != "":
			return saveToken(*out, answer.AccessToken)
		default:
			return p.print(answer.raw, func(w io.Writer) { _, _ = fmt.Fprintln(w, answer.AccessToken) })
		}
	}
	return c
}

// addTokenFlags adds the flags that say what a token is for.
func addTokenFlags(c *cobra.Command) *tokenFlags {
	f := &tokenFlags{scopes: addListFlag(c, "scope", "scopes to ask for, separated by blanks or commas (default: all of the key's)", "scopes")}
	c.Flags().StringVar(&f.resource, "resource", "",
		"audience to ask for (default: the first API configured, or the server itself if all scopes are for administration)")
	return f
}

// tokenFlags say which token is wanted.
type tokenFlags struct {
	scopes   *[]string
	resource string
}

func (f *tokenFlags) request() tokenRequest {
	return tokenRequest{scope: strings.Join(*f.scopes, " "), resource: f.resource}
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
