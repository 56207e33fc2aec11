package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mintkey/configs"
	"mintkey/server/leaks"
)

func (p *program) configCommand() *cobra.Command {
	return group("config", "Check and show the settings of a server, without starting it", p.configCheckCommand(), p.configShowCommand())
}

func (p *program) configCheckCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "check",
		Short: "Check the settings as mintkey serve would",
		Long: "Check the settings of --config, the environment and the flags as mintkey serve does before it starts, and the files that they\n" +
			"name. Nothing is opened that a running server needs, and nothing is written. The exit code is 2 if anything is wrong.",
		Example: "  mintkey config check --config mintkey.yaml",
		Args:    arguments(cobra.NoArgs),
	}
	sources := p.settingSources(c)
	c.RunE = func(*cobra.Command, []string) error {
		config, err := configs.Load(sources())
		if err := errors.Join(err, checkFiles(config, configs.Wrong(err))); err != nil {
			return &usageError{err}
		}
		return p.print(map[string]bool{"ok": true}, func(w io.Writer) { _, _ = fmt.Fprintln(w, "The settings are good.") })
	}
	return c
}

func (p *program) configShowCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "show",
		Short: "Show the settings that are in force, and where each is from",
		Long: "Show the settings that mintkey serve would have with this --config, environment and flags, and where each is from.\n" +
			"Secrets are redacted, and what is in a file of its own (smtp.url_file and the like) is so as a whole: shown is which file.",
		Args: arguments(cobra.NoArgs),
	}
	sources := p.settingSources(c)
	changed := c.Flags().Bool("changed", false, "only those that are not the default")
	c.RunE = func(*cobra.Command, []string) error {
		all, err := configs.Describe(sources())
		if err != nil {
			return &usageError{err}
		}
		shown, rows := []configs.InForce{}, [][]string{}
		for _, one := range all {
			if *changed && one.Source == "default" {
				continue
			}
			shown, rows = append(shown, one), append(rows, []string{one.Name, one.Value, one.Source})
		}
		return p.print(map[string][]configs.InForce{"items": shown}, func(w io.Writer) {
			table(w, []string{"SETTING", "VALUE", "FROM"}, rows)
		})
	}
	return c
}

// checkFiles reads the files that the settings name, and joins what is wrong with them. Of settings that are wrong themselves it says no
// more.
func checkFiles(config configs.Config, wrong []string) error {
	var problems []error
	check := func(read func() error, settings ...string) {
		if slices.ContainsFunc(settings, func(setting string) bool { return slices.Contains(wrong, setting) }) {
			return
		}
		if err := read(); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", strings.Join(settings, ", "), err))
		}
	}
	pair := func(cert, key string) func() error {
		return func() error {
			if cert == "" {
				return nil
			}
			_, err := tls.LoadX509KeyPair(cert, key)
			return err
		}
	}
	check(pair(config.TLS.Cert, config.TLS.Key), "tls.cert", "tls.key")
	check(pair(config.StoreTLS.Cert, config.StoreTLS.Key), "store_tls.cert", "store_tls.key")
	check(func() error { return checkCertificates(config.StoreTLS.CA) }, "store_tls.ca")
	check(func() error { return checkEncryptionKey(config.SigningKeys.EncryptionKeyFile) }, "signing_keys.encryption_key_file")
	check(func() error { return checkGitHubKeys(config.Leaks.GitHubKeys) }, "leaks.github_keys")
	return errors.Join(problems...)
}

func checkEncryptionKey(file string) error {
	if file == "" {
		return nil
	}
	_, err := readEncryptionKeyFile(file)
	return err
}

func checkGitHubKeys(file string) error {
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err == nil {
		_, err = leaks.ParseGitHubKeys(text)
	}
	return err
}

func checkCertificates(file string) error {
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err == nil && !x509.NewCertPool().AppendCertsFromPEM(text) {
		err = fmt.Errorf("%s has no certificate in PEM", file)
	}
	return err
}
