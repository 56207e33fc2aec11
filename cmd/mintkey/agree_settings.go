package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"mintkey/configs"
	"mintkey/store"
)

func (p *program) storeSettingsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "settings",
		Short: "Compare the settings that all servers must have alike with the store's",
		Long: "Compare the settings that all servers of a store must have alike with those that the store has, which are the first server's\n" +
			"or were accepted since. Give it the settings of the server, as to mintkey serve. The exit code is 1 if any differ.\n" +
			"Of a bolt store the server must be stopped.",
		Example: "  mintkey store settings --config mintkey.yaml",
		Args:    arguments(cobra.NoArgs),
	}
	p.withSettings(c, func(config configs.Config, _ []string) error {
		return p.showSettings(c.Context(), config)
	})
	c.AddCommand(p.acceptSettingsCommand())
	return c
}

func (p *program) acceptSettingsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "accept",
		Short: "Change the settings that all servers must have alike, on purpose",
		Long: "Make the given settings those of the store, and say what changed. Give it the new settings of the servers, as to\n" +
			"mintkey serve: what is not given has its default.\n" +
			"Then start the servers with them, one after the other. Those that still run with the old ones say so within 10 seconds, in\n" +
			"their log and at /readyz?verbose. Of a bolt store the server must be stopped.",
		Example: "  mintkey store settings accept --config mintkey.yaml",
		Args:    arguments(cobra.NoArgs),
	}
	p.withSettings(c, func(config configs.Config, _ []string) error {
		return p.acceptSettings(c.Context(), config)
	})
	return c
}

func (p *program) showSettings(ctx context.Context, config configs.Config) error {
	compared, err := withShared(ctx, p, config, "read", store.CompareSettings)
	if err != nil {
		return err
	}
	result := map[string]any{"settings": compared}
	err = p.print(result, func(w io.Writer) {
		rows := make([][]string, 0, len(compared))
		for _, row := range compared {
			note := ""
			if row.Differs {
				note = "differs"
			}
			rows = append(rows, []string{row.Name, fmt.Sprintf("%q", row.Own), storedText(row.Stored), note})
		}
		table(w, []string{"SETTING", "HERE", "STORE", ""}, rows)
	})
	if differing := len(differingOf(compared)); err == nil && differing > 0 {
		return fmt.Errorf("settings that differ from the store's: %d; to change the store's: mintkey store settings accept", differing)
	}
	return err
}

func (p *program) acceptSettings(ctx context.Context, config configs.Config) error {
	changed, err := withShared(ctx, p, config, "change", store.AcceptSettings)
	if err != nil {
		return err
	}
	return p.print(map[string]any{"changed": changed}, func(w io.Writer) {
		if len(changed) == 0 {
			_, _ = fmt.Fprintln(w, "Nothing changed: the store has these settings already.")
			return
		}
		for _, change := range changed {
			_, _ = fmt.Fprintf(w, "%s: %s, was %s\n", change.Name, storedText(change.After), storedText(change.Before))
		}
		_, _ = fmt.Fprintln(w, "Now start the servers with these settings, one after the other.")
	})
}

func storedText(value *string) string {
	if value == nil {
		return "none"
	}
	return fmt.Sprintf("%q", *value)
}

// withShared opens the store and calls do with the settings that a server with this configuration would have. The port of a server that
// picks a free one is not known; its issuer is a guess anyway.
func withShared[T any](
	ctx context.Context, p *program, config configs.Config, purpose string,
	do func(context.Context, store.Documents, []store.Setting) (T, error),
) (result T, err error) {
	opened, err := openExisting(ctx, config, p.newLog(config.Log), purpose)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	if err := needCurrent(ctx, opened); err != nil {
		return result, err
	}
	return do(ctx, opened, sharedSettings(config, config.IssuerAt(config.Listen)))
}
