package e2e_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A client secret is in the one response that made it and nowhere else (R3): not in a log, an audit answer, a store file, a
// metric or any other response, not even when a client sends it to the wrong place.
func TestSecretNowhere(t *testing.T) {
	eachStore(t, func(t *testing.T, d *deployment) {
		record := &transcript{}
		d.admin.client = &http.Client{Transport: record}
		d.addMember("owner")

		secrets := []string{d.first.ClientSecret}
		key := d.newKey("owner")
		secrets = append(secrets, key.ClientSecret)
		for range 2 {
			var refreshed accessKey
			d.admin.must(http.StatusOK, http.MethodPost, d.keysPath()+"/"+key.ClientID+"/refresh",
				map[string]any{"overlap_seconds": 3600}, &refreshed)
			secrets = append(secrets, refreshed.ClientSecret)
			key = refreshed
		}
		d.admin.mustFetch(key)
		stale := d.newKey("owner")
		d.admin.must(http.StatusNoContent, http.MethodDelete, d.keysPath()+"/"+stale.ClientID, nil, nil)
		secrets = append(secrets, stale.ClientSecret)
		misplace(t, d, key, key.ClientSecret)
		misplace(t, d, key, stale.ClientSecret)
		lookAround(d, key)

		places := everywhere(t, d, record)
		for _, secret := range secrets {
			for place, text := range places {
				for form, pattern := range spellings(key.ClientID, secret) {
					if bytes.Contains(text, pattern) {
						t.Errorf("%s has a client secret, %s: …%s…", place, form, around(text, pattern))
					}
				}
			}
		}
		checkVisible(t, places, key.ClientID)
	})
}

// misplace sends a secret wherever a confused client might put it.
func misplace(t *testing.T, d *deployment, key accessKey, secret string) {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {key.ClientID}, "client_secret": {secret}}.Encode()
	for _, request := range []*http.Request{
		post(d, "/oauth2/token?"+form, ""),
		post(d, "/oauth2/token", form+"&client_secret="+secret),
		post(d, "/oauth2/token", "grant_type="+secret),
		post(d, "/oauth2/token", "grant_type=client_credentials&client_id="+secret+"&client_secret="+secret),
		post(d, "/oauth2/token", form+"&scope="+secret),
		post(d, "/oauth2/token", form+"&resource="+secret),
		post(d, "/oauth2/"+secret, form),
		post(d, "/v1/auth-client?TENANTID="+secret, `{"client_id":"`+key.ClientID+`","client_secret":"`+secret+`"}`),
		post(d, "/v1/auth?TENANTID="+d.first.TenantID, `{"user":"`+secret+`","password":"`+secret+`"}`),
	} {
		if _, err := d.admin.send(request); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{d.keysPath() + "/" + secret, "/admin/v1/tenants/" + secret + "/keys", "/me/v1/keys?after=" + secret} {
		if _, err := d.admin.try(http.MethodGet, path, nil); err != nil {
			t.Fatal(err)
		}
	}
	stranger := *d.admin
	stranger.token = secret
	if a, err := stranger.try(http.MethodGet, d.keysPath(), nil); err != nil || a.status != http.StatusUnauthorized {
		t.Errorf("a client secret as a bearer token: %v %s; want 401", err, a)
	}
	if _, a, err := d.admin.fetch(accessKey{ClientID: secret, ClientSecret: key.ClientID}); err != nil || a.status != http.StatusUnauthorized {
		t.Errorf("client ID and secret the wrong way round: %v %s; want 401", err, a)
	}
}

func post(d *deployment, path, body string) *http.Request {
	request, err := http.NewRequest(http.MethodPost, d.admin.base+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if strings.HasPrefix(body, "{") {
		request.Header.Set("Content-Type", "application/json")
	}
	return request
}

// lookAround reads what the API shows of keys after they were made.
func lookAround(d *deployment, key accessKey) {
	d.t.Helper()
	d.keys()
	d.audit()
	d.admin.must(http.StatusOK, http.MethodGet, d.keysPath()+"/"+key.ClientID, nil, nil)
	owner := *d.admin
	owner.token = owner.mustFetch(key)
	owner.must(http.StatusOK, http.MethodGet, "/me/v1/keys", nil, nil)
}

// around is the pattern with what stands before and after it.
func around(text, pattern []byte) []byte {
	at := bytes.Index(text, pattern)
	return text[max(0, at-80):min(len(text), at+len(pattern)+80)]
}

// spellings are the forms in which a secret could be kept, by accident or on purpose.
func spellings(clientID, secret string) map[string][]byte {
	basic := base64.StdEncoding.EncodeToString([]byte(clientID + ":" + secret))
	return map[string][]byte{
		"in clear":                    []byte(secret),
		"without its prefix":          []byte(strings.TrimPrefix(secret, "mks_")),
		"in hexadecimal":              []byte(hex.EncodeToString([]byte(secret))),
		"in base64":                   []byte(base64.RawStdEncoding.EncodeToString([]byte(secret))),
		"in a Basic header":           []byte(basic),
		"in bytes, as Go prints them": bytes.Trim(fmt.Append(nil, []byte(secret)), "[]"),
	}
}
