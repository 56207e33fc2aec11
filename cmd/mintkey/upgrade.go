package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mintkey/configs"
	"mintkey/store"
)

func (p *program) storeCommand() *cobra.Command {
	return group("store", "Look after the store", p.storeCheckCommand(), p.storeUpgradeCommand(), p.storeSettingsCommand(),
		p.storeReplicasCommand(), p.storeResetSecondFactorCommand())
}

func (p *program) storeUpgradeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "upgrade",
		Short: "Bring a store of the version before to the present one",
		Long: "Bring a store of the version before to the present one. Stop all servers and make a backup first.\n" +
			"An upgrade can be interrupted and repeated. One that is not needed changes nothing.",
		Example: "  mintkey store upgrade --dry-run\n  mintkey store upgrade --store redis://127.0.0.1:6379/0",
		Args:    arguments(cobra.NoArgs),
	}
	dryRun := c.Flags().Bool("dry-run", false, "say what would be done, and change nothing")
	p.withSettings(c, func(config configs.Config, _ []string) error {
		report, err := p.upgrade(c.Context(), config, *dryRun)
		if err != nil {
			return err
		}
		return p.print(report, func(w io.Writer) { showUpgrade(w, report, *dryRun) })
	})
	showSettings(c, "store", "log")
	return c
}

func (p *program) upgrade(ctx context.Context, config configs.Config, dryRun bool) (report store.UpgradeReport, err error) {
	opened, err := openExisting(ctx, config, p.newLog(config.Log), "upgrade")
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	err = p.during("upgrading", func() error {
		report, err = store.Upgrade(ctx, opened, p.clock(), dryRun)
		return err
	})
	return report, err
}

func showUpgrade(w io.Writer, r store.UpgradeReport, dryRun bool) {
	if r.From == r.To {
		_, _ = fmt.Fprintf(w, "The store is at version %d already.\n", r.To)
		return
	}
	did := "Upgraded"
	if dryRun {
		did = "Would upgrade"
	}
	_, _ = fmt.Fprintf(w, "%s the store from version %d to %d: users %d, memberships %d, access keys %d; ended: sessions %d, links %d\n",
		did, r.From, r.To, r.Users, r.Memberships, r.AccessKeys, r.Sessions, r.Links)
	if r.Leftovers > 0 {
		_, _ = fmt.Fprintf(w, "Memberships of deleted users that were still there: %d\n", r.Leftovers)
	}
	for _, alike := range r.Alike {
		_, _ = fmt.Fprintf(w, "Users %s and %s of account %s have e-mail addresses that count as the same now (%s): give one of them another\n",
			alike.UserIDs[0], alike.UserIDs[1], alike.AccountID, alike.Email)
	}
	for _, key := range r.Above {
		_, _ = fmt.Fprintf(w, "Access key %s of %s in tenant %s has scopes above what its owner may do now (%s): %s\n",
			key.ClientID, key.UserID, key.TenantID, key.Ceiling, strings.Join(key.Scopes, " "))
	}
}

// upgradeIfFile brings a bolt store of an earlier version to the present one. Of a store that others may share it is an error.
func upgradeIfFile(ctx context.Context, config configs.Config, s store.Store, log *slog.Logger, now time.Time) error {
	if _, isFile := config.BoltPath(); !isFile {
		return needCurrent(ctx, s)
	}
	report, err := store.Upgrade(ctx, s, now, false)
	if err != nil || report.From == report.To {
		return err
	}
	log.InfoContext(ctx, "store upgraded", slog.Int("from", report.From), slog.Int("to", report.To), slog.Int("users", report.Users),
		slog.Int("memberships", report.Memberships), slog.Int("access_keys", report.AccessKeys),
		slog.Int("sessions_ended", report.Sessions), slog.Int("links_ended", report.Links))
	for _, alike := range report.Alike {
		log.WarnContext(ctx, "e-mail addresses count as the same", slog.String("account_id", alike.AccountID),
			slog.String("user_id", alike.UserIDs[0]), slog.String("other_user_id", alike.UserIDs[1]))
	}
	for _, key := range report.Above {
		log.WarnContext(ctx, "access key holds scopes above its owner's authority", slog.String("client_id", key.ClientID),
			slog.String("tenant_id", key.TenantID), slog.String("user_id", key.UserID),
			slog.String("ceiling", string(key.Ceiling)), slog.String("scopes", strings.Join(key.Scopes, " ")))
	}
	return nil
}

// needCurrent is store.ErrSchemaTooOld for a store that has to be upgraded first.
func needCurrent(ctx context.Context, s store.Store) error {
	version, err := s.SchemaVersion(ctx)
	if err == nil && version < store.SchemaVersion {
		err = fmt.Errorf("%w (%d, and this program writes %d): stop all servers, make a backup, and run: mintkey store upgrade",
			store.ErrSchemaTooOld, version, store.SchemaVersion)
	}
	return err
}
