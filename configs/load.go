package configs

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

// Sources are where settings come from. A later field takes precedence over an earlier one, and all of them over the defaults.
type Sources struct {
	File    string            // path of a YAML file; empty for none
	Environ []string          // as os.Environ gives it
	Flags   map[string]string // the flags given, by the name of the setting
}

// ClientVariables are the environment variables of the commands that are clients of a server, and the one for --config. They are not
// settings.
func ClientVariables() []string {
	return []string{
		"MINTKEY_URL", "MINTKEY_CLIENT_ID", "MINTKEY_CLIENT_SECRET", "MINTKEY_CLIENT_SECRET_FILE", "MINTKEY_PROFILE", "MINTKEY_CA_CERT",
		"MINTKEY_ALLOW_HTTP", "MINTKEY_CONFIG",
	}
}

// Kubernetes sets these for each Service of the namespace, such as one that is called mintkey or mintkey-redis.
var serviceLink = regexp.MustCompile(`_SERVICE_(HOST|PORT(_.+)?)$|_PORT(_[0-9]+_(TCP|UDP|SCTP)(_.+)?)?$`)

// Error is one setting that is unknown or wrong.
type Error struct {
	Setting string // its name, or the unknown name
	Source  string // where it was set: a flag, a variable, a file or the default
	Problem string // what is wrong and what is allowed
}

// Error puts all of it on one line.
func (e *Error) Error() string { return fmt.Sprintf("%s (%s): %s", e.Setting, e.Source, e.Problem) }

// Wrong returns the names of the settings that an error of Load is about.
func Wrong(err error) []string {
	switch err := err.(type) { //nolint:errorlint // it goes through what is joined and wrapped itself
	case *Error:
		return []string{err.Setting}
	case interface{ Unwrap() []error }:
		var names []string
		for _, one := range err.Unwrap() {
			names = append(names, Wrong(one)...)
		}
		return names
	}
	return nil
}

// layer is one source: its settings, and how the user finds each of them there.
type layer struct {
	values map[string]any
	source func(Setting) string
}

// Load merges the sources and checks the result. The error joins an *Error for every problem, so that one start shows all of them.
func Load(sources Sources) (Config, error) {
	config, _, err := load(sources)
	return config, err
}

func load(sources Sources) (Config, []layer, error) {
	settings := Settings()
	fromFile, err := fileLayer(sources.File)
	if err != nil {
		return Config{}, nil, err
	}
	fromEnv, unknown := envLayer(sources.Environ, settings)
	layers := []layer{defaultsLayer(settings), fromFile, fromEnv, flagsLayer(sources.Flags)}
	unknown = append(unknown, unknownKeys(fromFile.values, sources.File, settings)...)

	merged := koanf.New(".")
	for _, l := range layers {
		if err := merged.Load(confmap.Provider(l.values, "."), nil); err != nil {
			return Config{}, nil, fmt.Errorf("merge the settings: %w", err)
		}
	}
	config, layers, wrong := decode(merged, settings, layers, sources.Environ)
	return config, layers, errors.Join(append(unknown, wrong...)...)
}

func defaultsLayer(settings []Setting) layer {
	values := map[string]any{}
	for _, s := range settings {
		values[s.Name] = s.Default
	}
	return layer{values, func(Setting) string { return "default" }}
}

func fileLayer(path string) (layer, error) {
	l := layer{map[string]any{}, func(Setting) string { return "in " + path }}
	if path == "" {
		return l, nil
	}
	k := koanf.New(".")
	if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
		return l, fmt.Errorf("read the settings in %s: %w", path, err)
	}
	for name, value := range k.All() {
		if group, ok := value.(map[string]any); value == nil || ok && len(group) == 0 {
			continue // "smtp:" with nothing below it
		}
		l.values[name] = value
	}
	return l, nil
}

func envLayer(environ []string, settings []Setting) (layer, []error) {
	var unknown []error
	names, byEnv := ClientVariables(), map[string]string{}
	for _, s := range settings {
		names, byEnv[s.Env()] = append(names, s.Env()), s.Name
	}
	k := koanf.New(".")
	provider := env.Provider(".", env.Opt{
		Prefix:      EnvPrefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(variable, value string) (string, any) {
			if byEnv[variable] == "" && !slices.Contains(names, variable) && !serviceLink.MatchString(variable) {
				unknown = append(unknown, &Error{variable, "environment", "there is no such setting" + suggestion(variable, names)})
			}
			return byEnv[variable], value
		},
	})
	if err := k.Load(provider, nil); err != nil {
		unknown = append(unknown, err)
	}
	return layer{k.All(), Setting.Env}, unknown
}

func flagsLayer(flags map[string]string) layer {
	values := map[string]any{}
	for name, value := range flags {
		values[name] = value
	}
	return layer{values, func(s Setting) string { return "--" + s.Flag() }}
}

func unknownKeys(values map[string]any, path string, settings []Setting) []error {
	var names []string
	for _, s := range settings {
		names = append(names, s.Name)
	}
	var unknown []error
	for name := range values {
		if !slices.Contains(names, name) {
			unknown = append(unknown, &Error{name, "in " + path, "there is no such setting" + suggestion(name, names)})
		}
	}
	slices.SortFunc(unknown, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return unknown
}

// decode parses every setting and judges the whole, so that one start shows all problems. It adds the layer of what is in files that
// settings name.
func decode(merged *koanf.Koanf, settings []Setting, layers []layer, environ []string) (Config, []layer, []error) {
	var config Config
	unread := map[string]string{}
	for _, s := range settings {
		if err := parse(reflect.ValueOf(&config).Elem().FieldByIndex(s.index).Addr().Interface(), merged.Get(s.Name)); err != nil {
			unread[s.Name] = err.Error()
		}
	}
	config.expandHome(environ)
	config.ClientID.usePreset()
	secrets, files := config.readSecretFiles()
	layers = append(layers, secrets)
	config.expandHome(environ) // in a store that was read from a file
	maps.Copy(unread, files)
	problems := withoutConsequences(config.check(), unread)
	var wrong []error
	for _, s := range settings {
		if problem := cmp.Or(unread[s.Name], problems[s.Name]); problem != "" {
			wrong = append(wrong, &Error{s.Name, sourceOf(s, layers), problem})
		}
	}
	return config, layers, wrong
}

// withoutConsequences leaves out the problems of settings that could not be read, and those that name one, since they may be
// there because of that.
func withoutConsequences(problems, unread map[string]string) map[string]string {
	for name := range unread {
		name = strings.TrimSuffix(name, fileSuffix)
		isNamed := regexp.MustCompile(`\b` + regexp.QuoteMeta(name) + `\b`)
		maps.DeleteFunc(problems, func(setting, problem string) bool { return setting == name || isNamed.MatchString(problem) })
	}
	return problems
}

// sourceOf is where a setting has its value from: the last layer that has it. The first one has all of them.
func sourceOf(s Setting, layers []layer) string {
	for _, l := range slices.Backward(layers) {
		if _, ok := l.values[s.Name]; ok {
			return l.source(s)
		}
	}
	return ""
}
