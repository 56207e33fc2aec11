package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const tokenArgument = "The token is the argument or, for none and for -, standard input: an argument is in lists of processes."

func (p *program) tokenIntrospectCommand(access *accessFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "introspect [TOKEN]",
		Short: "Ask the server whether a token is active, and what is in it (RFC 7662)",
		Long: "Ask the server whether a token is active: whether its access key has been revoked since, for example. The access key in use\n" +
			"needs the scope tokens:introspect, and sees the tokens of its own account.\n" + tokenArgument,
		Example: "  mintkey token | mintkey token introspect",
		Args:    arguments(cobra.MaximumNArgs(1)),
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		answer, err := p.postToken(c.Context(), access, "introspect", args)
		if err != nil {
			return err
		}
		return printAnswer(p, answer, p.showIntrospection)
	}
	return c
}

// introspection is the part of an answer (RFC 7662 section 2.2) that people read.
type introspection struct {
	Active   bool   `json:"active"`
	ClientID string `json:"client_id"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	Scope    string `json:"scope"`
	TenantID string `json:"tenant_id"`
	Issued   int64  `json:"iat"`
	Expires  int64  `json:"exp"`
}

func (p *program) showIntrospection(w io.Writer, i introspection) {
	if !i.Active {
		_, _ = fmt.Fprintln(w, wrap("The token is not active: it has expired, it was revoked, or it is not for this access key to see."))
		return
	}
	issued, expires := time.Unix(i.Issued, 0), time.Unix(i.Expires, 0)
	_, _ = fmt.Fprintln(w, "The token is active.")
	showFacts(w, [][2]string{
		{"Client ID", i.ClientID},
		{"Subject", i.Subject},
		{"Tenant", i.TenantID},
		{"Audience", i.Audience},
		{"Scopes", i.Scope},
		{"Issued", p.when(&issued)},
		{"Expires", p.when(&expires)},
	})
}

func (p *program) tokenRevokeCommand(access *accessFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "revoke [TOKEN]",
		Short: "Make a token of the access key in use invalid (RFC 7009)",
		Long: "Make a token of the access key in use invalid; gateways learn within seconds. The key itself goes on working. A token of\n" +
			"another key is not revoked, and the server does not say so.\n" + tokenArgument,
		Example: "  mintkey token revoke < token.txt",
		Args:    arguments(cobra.MaximumNArgs(1)),
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if _, err := p.postToken(c.Context(), access, "revoke", args); err != nil {
			return err
		}
		return p.print(map[string]bool{"revoked": true}, func(w io.Writer) {
			_, _ = fmt.Fprintln(w, "Revoked, if it is a token of this access key.")
		})
	}
	return c
}

// postToken sends a token to an OAuth endpoint, with the access key in use.
func (p *program) postToken(ctx context.Context, f *accessFlags, endpoint string, args []string) (json.RawMessage, error) {
	token := firstOf(args)
	if token == "" || token == "-" {
		var err error
		if token, err = p.askToken(ctx); err != nil {
			return nil, err
		}
	}
	a, err := p.resolve(ctx, f)
	if err != nil {
		return nil, err
	}
	form := url.Values{"token": {token}}.Encode()
	target := strings.TrimRight(a.url, "/") + "/oauth2/" + endpoint
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form))
	if err != nil {
		return nil, fmt.Errorf("send the token: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header[idempotencyKey] = []string{} // twice is as good as once
	request.SetBasicAuth(url.QueryEscape(a.clientID), url.QueryEscape(a.secret.Reveal()))
	body, _, err := a.via.send(request)
	if err != nil {
		return nil, fmt.Errorf("send the token: %w", a.authenticationHints(err))
	}
	return body, nil
}

// askToken reads a token from standard input, where a terminal doesn't show it.
func (p *program) askToken(ctx context.Context) (string, error) {
	text, err := p.askSecret(ctx, "Token")
	if errors.Is(err, errNoTerminal) {
		var content []byte
		content, err = io.ReadAll(p.stdin)
		text = string(content)
	}
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	if text = strings.TrimSpace(text); text == "" {
		return "", usagef("no token is given: as the argument, or on standard input")
	}
	return text, nil
}
