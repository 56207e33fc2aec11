package configs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	"mintkey/configs"
)

func TestExampleFileNamesEverySettingWithItsDefault(t *testing.T) {
	k := koanf.New(".")
	if err := k.Load(file.Provider("mintkey.yaml"), yaml.Parser()); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for name, value := range k.All() {
		if items, ok := value.([]any); ok {
			var parts []string
			for _, item := range items {
				parts = append(parts, fmt.Sprint(item))
			}
			value = strings.Join(parts, ",")
		}
		got[name] = fmt.Sprint(value)
	}
	want := map[string]string{}
	for _, s := range configs.Settings() {
		want[s.Name] = s.Default
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mintkey.yaml (-settings +file):\n%s", diff)
	}
}

func TestExampleFileLoads(t *testing.T) {
	fromFile := load(t, configs.Sources{File: "mintkey.yaml"})
	if diff := cmp.Diff(load(t, configs.Sources{}), fromFile, revealed()); diff != "" {
		t.Errorf("mintkey.yaml (-defaults +file):\n%s", diff)
	}
}

func TestEverySettingHasHelp(t *testing.T) {
	settings := configs.Settings()
	if without := slices.IndexFunc(settings, func(s configs.Setting) bool { return s.Help == "" || s.Name == "" }); without >= 0 {
		t.Errorf("%+v lacks a name or help", settings[without])
	}
}
