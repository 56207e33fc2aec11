// Command go calls an API with tokens of Mintkey. The client of golang.org/x/oauth2 fetches a token at the first call, keeps it, and
// fetches another one shortly before it ends; it can be used by many goroutines.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	config := clientcredentials.Config{
		ClientID:     os.Getenv("MINTKEY_CLIENT_ID"),
		ClientSecret: os.Getenv("MINTKEY_CLIENT_SECRET"),
		TokenURL:     strings.TrimSuffix(os.Getenv("MINTKEY_URL"), "/") + "/oauth2/token",
		AuthStyle:    oauth2.AuthStyleInHeader, // else a secret that is refused is tried twice
	}
	if scope := os.Getenv("MINTKEY_SCOPE"); scope != "" {
		config.Scopes = strings.Fields(scope)
	}
	client := config.Client(ctx)
	client.Timeout = 30 * time.Second

	calls, err := strconv.Atoi(cmp.Or(os.Getenv("CALLS"), "3"))
	if err != nil {
		return fmt.Errorf("CALLS: %w", err)
	}
	pause, err := strconv.Atoi(cmp.Or(os.Getenv("PAUSE"), "1"))
	if err != nil {
		return fmt.Errorf("PAUSE: %w", err)
	}
	for i := range calls {
		if i > 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Duration(pause) * time.Second):
			}
		}
		if err := call(ctx, client, out); err != nil {
			return err
		}
	}
	return nil
}

func call(ctx context.Context, client *http.Client, out io.Writer) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, os.Getenv("API_URL"), nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	_, err = fmt.Fprintln(out, response.StatusCode)
	return err
}
