package configs

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"time"
)

// InForce is a setting with its value, in which secrets are redacted, and where that is from. What is in a file of its own is redacted as a
// whole.
type InForce struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"` // as in Error
}

// Describe lists all settings as Load would have them, in the order of their declaration. The error is that of Load.
func Describe(sources Sources) ([]InForce, error) {
	config, layers, err := load(sources)
	if err != nil {
		return nil, err
	}
	var all []InForce
	for _, s := range Settings() {
		value := reflect.ValueOf(config).FieldByIndex(s.index).Interface()
		one := InForce{s.Name, written(value), sourceOf(s, layers)}
		if _, ok := layers[len(layers)-1].values[s.Name]; ok { // all of it: the path of a webhook's URL may be the secret
			one.Value = redacted
		}
		all = append(all, one)
	}
	return all, nil
}

// written is a value as a flag would have it; that of a secret is redacted.
func written(value any) string {
	switch value := value.(type) {
	case []string:
		return strings.Join(value, ",")
	case []netip.Prefix:
		var all []string
		for _, prefix := range value {
			all = append(all, prefix.String())
		}
		return strings.Join(all, ",")
	case time.Time:
		if value.IsZero() {
			return ""
		}
		return value.Format(time.RFC3339)
	default:
		return fmt.Sprint(value) // Secret and SecretURL redact
	}
}
