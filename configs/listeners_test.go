package configs_test

import (
	"errors"
	"testing"

	"mintkey/configs"
)

// Two listeners that cannot be had at once are refused before one of them fails to start.
func TestListenersThatCollide(t *testing.T) {
	for _, row := range []struct {
		listen, admin, ops string
		wrong              []string
	}{
		{"127.0.0.1:8080", "", "127.0.0.1:9464", nil},
		{"127.0.0.1:8080", "", "127.0.0.1:8080", []string{"ops_listen"}},
		{"127.0.0.1:8080", "", ":8080", []string{"ops_listen"}},
		{":8080", "", "127.0.0.1:8080", []string{"ops_listen"}},
		{"[::]:8080", "", "127.0.0.1:8080", []string{"ops_listen"}},
		{"10.0.0.1:8080", "", "127.0.0.1:8080", nil},
		{"localhost:8080", "", "LOCALHOST:8080", []string{"ops_listen"}},
		{":8080", ":8080", "", []string{"admin_listen"}},
		{":8080", ":8081", ":8081", []string{"ops_listen"}},
		{"127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", nil}, // another port each time
	} {
		_, err := configs.Load(configs.Sources{Flags: map[string]string{
			"listen": row.listen, "admin_listen": row.admin, "ops_listen": row.ops,
		}})
		if wrong := configs.Wrong(err); len(wrong) != len(row.wrong) || len(wrong) > 0 && wrong[0] != row.wrong[0] {
			t.Errorf("%+v: %v", row, err)
		}
	}
}

// What could not be read is not blamed for what follows from that.
func TestNoConsequencesAreReported(t *testing.T) {
	none := configs.Sources{
		File: write(t, "tls: {cert: [a, b], key: key.pem}\naudit: {retention: ever, archive: archive, archive_after: 500d}\n"+
			"tokens: {audience_algorithms: [http://a=RS256], audiences: [[x]]}\nlog: {format: xml}\n"),
		Flags: map[string]string{
			"webhook.url": "https://example.com", "webhook.secret_file": "/none/webhook", "store_file": "/none/store", "store_tls.ca": "ca.pem",
		},
	}
	_, err := configs.Load(none)
	want := map[string]bool{
		"tls.cert": true, "audit.retention": true, "tokens.audiences": true, "webhook.secret_file": true, "store_file": true, "log.format": true,
	}
	wrong := configs.Wrong(err)
	for _, setting := range wrong {
		if !want[setting] {
			t.Errorf("%s is called wrong", setting)
		}
	}
	if len(wrong) != len(want) {
		t.Errorf("%d settings are called wrong, want %d: %v", len(wrong), len(want), err)
	}
	if configs.Wrong(errors.New("another error")) != nil {
		t.Error("an error that is about no setting names one")
	}
}
