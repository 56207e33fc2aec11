package main_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"

	"github.com/rogpeppe/go-internal/testscript"
)

// fetch STATUS URL compares the status of a GET; header and body become the standard output. Any certificate will do.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fetch STATUS URL")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, args[1], nil)
	ts.Check(err)
	anyCertificate := &tls.Config{InsecureSkipVerify: true} // the script made it itself
	client := http.Client{
		Transport:     &http.Transport{TLSClientConfig: anyCertificate, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	ts.Check(err)
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	ts.Check(response.Body.Close())
	ts.Check(response.Header.Write(ts.Stdout()))
	_, err = fmt.Fprintf(ts.Stdout(), "\n%s\n", body)
	ts.Check(err)
	if got := fmt.Sprint(response.StatusCode); got != args[0] {
		ts.Fatalf("%s answered %s, want %s: %s", args[1], got, args[0], body)
	}
}
