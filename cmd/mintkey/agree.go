package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"mintkey/configs"
	"mintkey/store"
)

// sharedSettings are the settings that every server of a store must have alike. Of two servers that differ in one of them, one refuses
// tokens or scopes that the other gives, or they make tokens and client IDs of two kinds.
func sharedSettings(c configs.Config, issuer string) []store.Setting {
	return []store.Setting{
		{Name: "issuer", Value: issuer, Guess: c.Issuer == ""},
		{Name: "tokens.lifetime", Value: c.Tokens.Lifetime.String()},
		{Name: "tokens.audiences", Value: strings.Join(c.APIAudiences(issuer), " ")}, // in this order: the first is the default
		{Name: "tokens.algorithm", Value: c.Tokens.Algorithm},
		{Name: "tokens.audience_algorithms", Value: asSet(c.Tokens.AudienceAlgorithms)},
		{Name: "scopes", Value: asSet(c.Scopes)},
		{Name: "client_id.prefix", Value: c.ClientID.Prefix},
		{Name: "client_id.suffix", Value: c.ClientID.Suffix},
	}
}

// asSet is the same text for lists that differ only in order and repetition.
func asSet(list []string) string {
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(list))), " ")
}

// agreement is in which settings a server differs from its store. Its methods may be called from many goroutines.
type agreement struct {
	mu        sync.Mutex
	differing []store.SettingAgreement
}

// agree records the settings in a store that has none. A server that differs from the store says so, or doesn't start where store_strict
// is set.
func (h *host) agree(ctx context.Context) error {
	compared, err := store.RecordSettings(ctx, h.store, sharedSettings(h.config, h.issuer()))
	if err != nil {
		return fmt.Errorf("compare the settings with the store's: %w", err)
	}
	differing := differingOf(compared)
	if len(differing) > 0 && h.config.StoreStrict {
		return fmt.Errorf("store_strict is set and this server differs from the others of the store: %s; "+
			"give it their settings, or change them on purpose with the settings of this server: mintkey store settings accept",
			strings.Join(textsOf(differing), "; "))
	}
	h.agreed.note(ctx, h.log, differing)
	return nil
}

// agreeStill finds out whether somebody has accepted other settings since.
func (h *host) agreeStill(ctx context.Context) {
	compared, err := store.CompareSettings(ctx, h.store, sharedSettings(h.config, h.issuer()))
	if ctx.Err() != nil {
		return
	}
	h.outages.Note(ctx, h.log, slog.LevelWarn, h.now(), err, "comparing the settings with the store's failed; will retry")
	if err == nil {
		h.agreed.note(ctx, h.log, differingOf(compared))
	}
}

// note logs each difference once for as long as it lasts.
func (a *agreement) note(ctx context.Context, log *slog.Logger, differing []store.SettingAgreement) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, row := range differing {
		if !slices.ContainsFunc(a.differing, func(known store.SettingAgreement) bool {
			return known.Name == row.Name && *known.Stored == *row.Stored
		}) {
			log.WarnContext(ctx, "this server has another setting than the store, so servers disagree: set it alike, "+
				"or change it for all of them with mintkey store settings accept",
				slog.String("setting", row.Name), slog.String("here", row.Own), slog.String("store", *row.Stored))
		}
	}
	for _, known := range a.differing {
		if !slices.ContainsFunc(differing, func(row store.SettingAgreement) bool { return row.Name == known.Name }) {
			log.InfoContext(ctx, "this server no longer differs from the store", slog.String("setting", known.Name))
		}
	}
	a.differing = differing
}

func (a *agreement) warnings() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return textsOf(a.differing)
}

func differingOf(compared []store.SettingAgreement) []store.SettingAgreement {
	return slices.DeleteFunc(compared, func(row store.SettingAgreement) bool { return !row.Differs })
}

func textsOf(differing []store.SettingAgreement) (texts []string) {
	for _, row := range differing {
		texts = append(texts, fmt.Sprintf("%s is %q here and %q in the store", row.Name, row.Own, *row.Stored))
	}
	return texts
}
