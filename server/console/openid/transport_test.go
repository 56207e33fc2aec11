package openid_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mintkey/server/console/openid"
)

func TestWhatAProviderCannotDo(t *testing.T) {
	reached := false
	mux := http.NewServeMux()
	mux.HandleFunc("GET /endless", func(w http.ResponseWriter, _ *http.Request) {
		for range 2 << 20 / 1024 {
			_, _ = io.WriteString(w, strings.Repeat(" ", 1024))
		}
	})
	mux.Handle("POST /moved", http.RedirectHandler("/elsewhere", http.StatusTemporaryRedirect))
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { reached = true })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	if response, err := openid.NewClient("https").Get(server.URL + "/elsewhere"); err == nil {
		response.Body.Close()
		t.Error("an https provider sends the client to an http address")
	}
	client := openid.NewClient("http")
	response, err := client.Post(server.URL+"/moved", "application/x-www-form-urlencoded", strings.NewReader("client_secret=x"))
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusTemporaryRedirect || reached {
		t.Errorf("a redirect takes the secret along: %v", response)
	}
	response.Body.Close()
	response, err = client.Get(server.URL + "/endless")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if read, err := io.Copy(io.Discard, response.Body); err == nil || read > 1<<20 {
		t.Errorf("%d bytes were read of an endless answer, and then: %v", read, err)
	}
}
