package openid

import (
	"context"
	"fmt"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Person is somebody who signed in at the provider.
type Person struct {
	Issuer  string
	Subject string // the provider never reuses it for another person
	Email   string // verified

	SignedInAt time.Time // at the provider, by its clock; the zero time if it does not say
	IDToken    string    // for SignOut; empty if the provider has none
}

// claims are the claims used from an ID token or the UserInfo endpoint, besides the subject.
type claims struct {
	Email      string `json:"email"`
	Verified   any    `json:"email_verified"` // a boolean, or "true" from some providers
	Authorized string `json:"azp"`
	AuthTime   int64  `json:"auth_time"`
}

// identify validates the ID token (OpenID Connect Core 1.0, section 3.1.3.7) and returns the person.
func (p *Provider) identify(ctx context.Context, of *discovery, token *oauth2.Token, nonce string, now time.Time) (Person, error) {
	text, _ := token.Extra("id_token").(string)
	idToken, err := of.Verifier(&oidc.Config{ClientID: p.ClientID, Now: func() time.Time { return now }}).Verify(ctx, text)
	if err != nil {
		return Person{}, fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	if !same(nonce, idToken.Nonce) {
		return Person{}, fmt.Errorf("%w: the ID token has another nonce", ErrUntrusted)
	}
	var said claims
	if err := idToken.Claims(&said); err != nil {
		return Person{}, fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	if len(idToken.Audience) > 1 && said.Authorized != p.ClientID {
		return Person{}, fmt.Errorf("%w: the ID token was issued to %q", ErrUntrusted, said.Authorized)
	}
	if idToken.Subject == "" {
		return Person{}, fmt.Errorf("%w: the ID token has no subject", ErrUntrusted)
	}
	person := Person{Issuer: p.Issuer, Subject: idToken.Subject}
	if of.signOut != nil && len(text) <= maxHint {
		person.IDToken = text
	}
	if said.AuthTime > 0 {
		person.SignedInAt = time.Unix(said.AuthTime, 0)
	}
	if said.Email == "" {
		if said, err = p.userInfo(ctx, of, token, idToken.Subject); err != nil {
			return Person{}, err
		}
	}
	person.Email = said.Email
	return person, p.checkEmail(said)
}

// userInfo asks the UserInfo endpoint: some providers leave the e-mail address out of ID tokens.
func (p *Provider) userInfo(ctx context.Context, of *discovery, token *oauth2.Token, subject string) (said claims, err error) {
	if of.UserInfoEndpoint() == "" {
		return said, nil
	}
	info, err := of.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return said, fmt.Errorf("%w: UserInfo: %w", ErrUnavailable, err)
	}
	if info.Subject != subject {
		return said, fmt.Errorf("%w: UserInfo is about %q and the ID token about %q", ErrUntrusted, info.Subject, subject)
	}
	if err := info.Claims(&said); err != nil {
		return said, fmt.Errorf("%w: UserInfo: %w", ErrUntrusted, err)
	}
	return said, nil
}

func (p *Provider) checkEmail(said claims) error {
	switch {
	case said.Email == "":
		return fmt.Errorf("%w: no address given", ErrUnverifiedEmail)
	case said.Verified == true || said.Verified == "true" || said.Verified == nil && p.AssumeEmailVerified:
		return nil
	default:
		return fmt.Errorf("%w: email_verified of %q is %v", ErrUnverifiedEmail, said.Email, said.Verified)
	}
}
