package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Existing LoadRunner plugins work after changing one URL: their requests, byte for byte as the files in testdata/plugins have them, go
// through nginx with configs/gateways/nginx/loadrunner.conf, from the login to the first call after it. What follows the login is where
// plugins differ: in the header that has the token, and in the case and the order of headers.
func TestPluginsThroughNginx(t *testing.T) {
	s := newSite(t, "MINTKEY_CLIENT_ID_PRESET=loadrunner-cloud")
	g := s.startGateway(gatewayKind{name: "nginx for LoadRunner", learns: atOnce, start: func(s *site, g *gateway) {
		startNginx(g, s.install(g, "nginx/loadrunner.conf"))
	}})
	g.awaitReady()
	key := s.client("jenkins")
	if id := key.ClientID; len(id) < 42 || !strings.HasPrefix(id, "oauth2-") || !strings.HasSuffix(id, "@microfocus.com") {
		t.Errorf("the Jenkins plugin does not take %s for a client ID", id)
	}
	files, err := filepath.Glob("testdata/plugins/*.http")
	if err != nil || len(files) < 5 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".http"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			login, call, _ := strings.Cut(string(text), "%%\n")
			fields := []string{
				"{{host}}", g.address, "{{tenant}}", s.first.TenantID, "{{client_id}}", key.ClientID, "{{client_secret}}", key.ClientSecret,
			}

			status, body := replay(t, g.address, login, fields)
			var answer map[string]string
			if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK || len(answer) != 1 || answer["token"] == "" {
				t.Fatalf("the login: %d %s", status, body)
			}
			if status, body = replay(t, g.address, call, append(fields, "{{token}}", answer["token"])); status != http.StatusOK {
				t.Errorf("the first call: %d %s", status, body)
			}
			// A plugin logs in again on 401 only.
			dead := changeSignature(answer["token"])
			if status, _ = replay(t, g.address, call, append(fields, "{{token}}", dead)); status != http.StatusUnauthorized {
				t.Errorf("with a token that is not good: %d; want 401", status)
			}
		})
	}
}

// replay writes a request as it stands, with the fields filled in, on a connection of its own.
func replay(t *testing.T, address, request string, fields []string) (status int, body []byte) {
	t.Helper()
	request = strings.NewReplacer(fields...).Replace(request)
	head, content, _ := strings.Cut(request, "\n\n")
	content = strings.TrimSuffix(content, "\n")
	head = strings.ReplaceAll(head, "{{length}}", strconv.Itoa(len(content)))
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, strings.ReplaceAll(head, "\n", "\r\n")+"\r\n\r\n"+content); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(head, " ")
	reader := bufio.NewReader(connection)
	for {
		response, err := http.ReadResponse(reader, &http.Request{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode == http.StatusContinue { // what a client that sends Expect waits for
			continue
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, bytes.TrimSpace(body)
	}
}
