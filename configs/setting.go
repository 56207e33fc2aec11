package configs

import (
	"reflect"
	"strings"
	"time"
)

// EnvPrefix is the prefix of every environment variable of this program.
const EnvPrefix = "MINTKEY_"

// Setting is one leaf of Config, as its tags declare it.
type Setting struct {
	Name    string // in the file, such as smtp.url
	Default string // as it would be written in a flag
	Help    string // one line
	Kind    string // text, bool, duration, list, secret or URL
	index   []int  // of the field in Config
}

// Flag is the name of the setting's flag without the hyphens: smtp-url.
func (s Setting) Flag() string { return strings.NewReplacer(".", "-", "_", "-").Replace(s.Name) }

// Env is the name of the setting's environment variable: MINTKEY_SMTP_URL.
func (s Setting) Env() string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(s.Name, ".", "_"))
}

// Settings lists every setting in the order of its declaration.
func Settings() []Setting { return settingsIn(reflect.TypeFor[Config](), "", nil) }

func settingsIn(group reflect.Type, prefix string, index []int) []Setting {
	var settings []Setting
	for i := range group.NumField() {
		field := group.Field(i)
		name := prefix + field.Tag.Get("koanf")
		at := append(append([]int{}, index...), i)
		if kind := kindOf(field.Type); kind != "" {
			settings = append(settings, Setting{
				Name: name, Default: field.Tag.Get("default"), Help: field.Tag.Get("help"), Kind: kind, index: at,
			})
			continue
		}
		settings = append(settings, settingsIn(field.Type, name+".", at)...)
	}
	return settings
}

// kindOf names what a field holds; empty for a group of settings.
func kindOf(field reflect.Type) string {
	switch field {
	case reflect.TypeFor[Secret]():
		return "secret"
	case reflect.TypeFor[SecretURL]():
		return "URL"
	case reflect.TypeFor[time.Duration]():
		return "duration"
	case reflect.TypeFor[time.Time]():
		return "day"
	}
	switch field.Kind() {
	case reflect.Int:
		return "number"
	case reflect.Bool:
		return "bool"
	case reflect.Slice:
		return "list"
	case reflect.Struct:
		return ""
	default:
		return "text"
	}
}
