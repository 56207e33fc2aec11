package main_test

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"
	"time"

	main "mintkey/cmd/mintkey"
	"mintkey/policy"
)

// ocsfRequired has what the schema (https://schema.ocsf.io) requires, by class: attributes, and the activities that have a number.
var ocsfRequired = map[int]struct {
	attributes []string
	anyOf      []string
	activities int // 1 to this one, and 99
	category   int
}{
	3001: {attributes: []string{"user"}, activities: 11, category: 3},
	3002: {attributes: []string{"user"}, anyOf: []string{"service", "dst_endpoint"}, activities: 6, category: 3},
	3004: {attributes: []string{"entity"}, activities: 4, category: 3},
	6003: {attributes: []string{"actor", "api", "src_endpoint"}, activities: 4, category: 6},
}

// Every action, also one that a later server has, becomes an event with all that OCSF requires.
func TestOCSF(t *testing.T) {
	source, err := os.ReadFile("../../policy/event.go")
	if err != nil {
		t.Fatal(err)
	}
	actions := []string{"later.action"}
	for _, match := range regexp.MustCompile(`Action\w+\s+Action = "(.*)"`).FindAllStringSubmatch(string(source), -1) {
		actions = append(actions, match[1])
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	for _, action := range actions {
		for name, e := range map[string]policy.Event{
			"with all": {
				TenantID: "build", UserID: "ada", ClientID: "mk_1", Details: map[string]string{"reason": "revoked"},
				Actor: policy.Actor{UserID: "bob", ClientID: "mk_2", Via: "api", Address: "192.0.2.1", RequestID: "r1"},
			},
			"by the server": {Actor: policy.Actor{Via: "server"}},
		} {
			e.ID, e.At, e.Action, e.AccountID = policy.NewEventID(at, [10]byte{}), at, policy.Action(action), "acme"
			text, err := json.Marshal(main.OCSFEvent(e))
			if err != nil {
				t.Fatal(err)
			}
			checkOCSF(t, action+" "+name, text, e)
			if class := classOf(t, text); (class == 6003) != (action == "later.action") {
				t.Errorf("%s is of class %d", action, class)
			}
		}
	}
}

func classOf(t *testing.T, text []byte) int {
	t.Helper()
	var o struct {
		Class int `json:"class_uid"`
	}
	if err := json.Unmarshal(text, &o); err != nil {
		t.Fatal(err)
	}
	return o.Class
}

func checkOCSF(t *testing.T, name string, text []byte, e policy.Event) {
	t.Helper()
	var o struct {
		Class    int   `json:"class_uid"`
		Category int   `json:"category_uid"`
		Activity int   `json:"activity_id"`
		Type     int   `json:"type_uid"`
		Severity int   `json:"severity_id"`
		Time     int64 `json:"time"`
		Metadata struct {
			Version, UID string
			Product      struct{ Name string }
		}
		User, Entity struct{ UID string }
		Actor        map[string]any
		Endpoint     map[string]any `json:"src_endpoint"`
		API          struct{ Operation string }
	}
	var all map[string]any
	if err := json.Unmarshal(text, &o); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	required, known := ocsfRequired[o.Class]
	if !known || o.Category != required.category || o.Type != 100*o.Class+o.Activity || o.Severity < 1 || o.Severity > 6 ||
		o.Activity < 1 || o.Activity > required.activities && o.Activity != 99 {
		t.Errorf("%s: %s", name, text)
	}
	if o.Time != e.At.UnixMilli() || o.Metadata.UID != e.ID || o.Metadata.Version == "" || o.Metadata.Product.Name == "" || len(o.Actor) == 0 {
		t.Errorf("%s: time, metadata or actor of %s", name, text)
	}
	for _, attribute := range required.attributes {
		if all[attribute] == nil {
			t.Errorf("%s: no %s in %s", name, attribute, text)
		}
	}
	one := len(required.anyOf) == 0
	for _, attribute := range required.anyOf {
		one = one || all[attribute] != nil
	}
	if !one || o.Class < 3004 && o.User.UID == "" || o.Class == 3004 && o.Entity.UID == "" ||
		o.Class == 6003 && (o.API.Operation == "" || len(o.Endpoint) == 0) {
		t.Errorf("%s: something is missing in %s", name, text)
	}
}
