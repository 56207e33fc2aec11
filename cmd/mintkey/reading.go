package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"mintkey/policy"
	"mintkey/server/api"
)

// readOne reads one thing of the server.
func readOne[T any](ctx context.Context, server *client, at string) (read T, err error) {
	answer, err := server.call(ctx, http.MethodGet, at, nil)
	if err != nil {
		return read, err
	}
	if err := json.Unmarshal(answer, &read); err != nil {
		return read, fmt.Errorf("read the answer: %w", err)
	}
	return read, nil
}

// readAll reads a list of the server.
func readAll[T any](ctx context.Context, server *client, at string, query url.Values) ([]T, error) {
	items, err := server.list(ctx, at, query, 0)
	if err != nil {
		return nil, err
	}
	all := make([]T, len(items))
	for i, item := range items {
		if err := json.Unmarshal(item, &all[i]); err != nil {
			return nil, fmt.Errorf("read the answer: %w", err)
		}
	}
	return all, nil
}

// userID is the ID of the user that somebody named by it or by an e-mail address, which no ID looks like. Robots have no address of their
// own.
func (c *client) userID(ctx context.Context, account, text string) (string, error) {
	if !strings.Contains(text, "@") {
		return text, nil
	}
	users, err := readAll[api.User](ctx, c, c.accountPath(account, "users"), url.Values{})
	if err != nil {
		return "", err
	}
	for _, user := range users {
		if strings.EqualFold(user.Email, text) && user.Kind != policy.KindService {
			return user.ID, nil
		}
	}
	return "", notFoundf("nobody in the account has the e-mail address %s", text)
}
