package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mintkey/configs"
)

// settingFlag is the flag of one setting. It holds text, because package configs parses and checks all sources alike.
type settingFlag struct {
	kind, text string
	given      bool
}

func (f *settingFlag) String() string     { return f.text }
func (f *settingFlag) Type() string       { return f.kind }
func (f *settingFlag) Set(s string) error { f.text, f.given = s, true; return nil }

// withSettings makes a command of one that works by the settings: it gets --config and a flag for every setting, and loads them first.
func (p *program) withSettings(c *cobra.Command, run func(config configs.Config, args []string) error) {
	settings := p.settings(c)
	c.RunE = func(_ *cobra.Command, args []string) error {
		config, err := settings()
		if err != nil {
			return err
		}
		return run(config, args)
	}
}

// settings adds --config and a flag for every setting to a command, and returns what loads them.
func (p *program) settings(c *cobra.Command) func() (configs.Config, error) {
	sources := p.settingSources(c)
	return func() (configs.Config, error) {
		config, err := configs.Load(sources())
		if err != nil {
			return config, &usageError{err}
		}
		return config, nil
	}
}

// settingSources adds the same flags, and returns where settings are from.
func (p *program) settingSources(c *cobra.Command) func() configs.Sources {
	file := c.Flags().String("config", "", "YAML file with settings (MINTKEY_CONFIG)")
	flags := map[string]*settingFlag{}
	for _, s := range configs.Settings() {
		value := &settingFlag{kind: s.Kind, text: s.Default}
		flags[s.Name] = value
		flag := c.Flags().VarPF(value, s.Flag(), "", s.Help)
		if s.Kind == "bool" {
			flag.NoOptDefVal = "true"
		}
	}
	return func() configs.Sources {
		sources := configs.Sources{File: *file, Environ: p.environ, Flags: map[string]string{}}
		if sources.File == "" {
			sources.File = p.getenv("MINTKEY_CONFIG")
		}
		for name, value := range flags {
			if value.given {
				sources.Flags[name] = value.text
			}
		}
		return sources
	}
}

// showSettings leaves the settings in the help of a command that matter to it, by the first part of their flags. It takes the others too,
// so that the same environment and file serve all commands.
func showSettings(c *cobra.Command, kept ...string) {
	for _, s := range configs.Settings() {
		if !slices.ContainsFunc(kept, func(part string) bool { return s.Flag() == part || strings.HasPrefix(s.Flag(), part+"-") }) {
			c.Flag(s.Flag()).Hidden = true
		}
	}
	c.Long += "\n\nAll settings of mintkey serve are flags of this command too; those that matter to it are listed."
}

// whereGiven repeats --config and --store as they were given, for a shell: another command on the same store needs them.
// Secrets in the URL of a store are redacted.
func whereGiven(c *cobra.Command) (given string) {
	if file := c.Flag("config").Value.String(); file != "" {
		given += " --config " + shellWord(file)
	}
	if url := c.Flag("store"); url.Changed {
		given += " --store " + shellWord(configs.NewSecretURL(url.Value.String()).String())
	}
	return given
}

// shellWord quotes what a shell would not take as it is.
func shellWord(text string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,=@%+…"
	if text != "" && strings.Trim(text, plain) == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
