package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// transcript is an http.RoundTripper that keeps every response. It is for one goroutine.
type transcript struct {
	responses []string
}

func (tr *transcript) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s\n", request.Method, response.Status)
	if err := response.Header.Write(&text); err != nil {
		return nil, err
	}
	tr.responses = append(tr.responses, text.String()+string(body))
	return response, nil
}

// shown is the member of a response that shows a secret: the one place where it may be.
var shown = regexp.MustCompile(`"client_secret":\s*"mks_[0-9A-Za-z]{49}"`)

// everywhere is all that a deployment leaves behind: responses, logs, metrics, files of the store.
func everywhere(t *testing.T, d *deployment, record *transcript) map[string][]byte {
	t.Helper()
	places := map[string][]byte{}
	seen := map[string]bool{}
	for i, response := range record.responses {
		for _, member := range shown.FindAllString(response, -1) {
			if !seen[member] { // a second time is a leak
				seen[member] = true
				response = strings.Replace(response, member, "", 1)
			}
		}
		places[fmt.Sprintf("response %d", i)] = []byte(response)
	}
	for _, s := range d.servers {
		places["the log of "+s.Name] = s.Log()
		places["the metrics of "+s.Name] = get(t, s.OpsURL+"/metrics")
	}
	dir := d.dir
	if d.redis != nil {
		d.redis.save()
		dir = d.redis.dir
		places["the log of redis"] = d.redis.Log()
	}
	maps.Copy(places, filesUnder(t, dir))
	return places
}

// checkVisible makes sure that the search could find something: what may be seen is seen.
func checkVisible(t *testing.T, places map[string][]byte, clientID string) {
	t.Helper()
	for kind, text := range map[string]string{
		"response ": clientID, "/": clientID, "the log of server": "/oauth2/token", "the metrics of ": "mintkey_tokens_issued_total",
	} {
		found := false
		for place, content := range places {
			found = found || strings.HasPrefix(place, kind) && bytes.Contains(content, []byte(text))
		}
		if !found {
			t.Errorf("no place that begins with %q has %s: this test looks in the wrong place", kind, text)
		}
	}
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
