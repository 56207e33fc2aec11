package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

const (
	visitorEmail    = "ada@example.com"
	visitorPassword = "correct horse battery staple"
)

// visitor is a browser without JavaScript that is signed in to the console.
type visitor struct {
	client *http.Client
	url    string
}

func (p *process) signIn(ctx context.Context) (*visitor, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	v := &visitor{&http.Client{Jar: jar}, p.url}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/console/sign-in", strings.NewReader(
		url.Values{"email": {visitorEmail}, "password": {visitorPassword}}.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, err = v.send(request)
	return v, err
}

// page returns the page at the path.
func (v *visitor) page(ctx context.Context, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, v.url+path, nil)
	if err != nil {
		return "", err
	}
	return v.send(request)
}

func (v *visitor) send(request *http.Request) (string, error) {
	response, err := v.client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err == nil && (response.StatusCode != http.StatusOK || strings.HasSuffix(response.Request.URL.Path, "/sign-in")) {
		err = fmt.Errorf("%s %s: %s at %s", request.Method, request.URL.Path, response.Status, response.Request.URL.Path)
	}
	return string(text), err
}
