package store

import (
	"context"
	"errors"
	"maps"
	"slices"
)

// documentSettings holds a map from the names of settings to the values that the servers of the store have agreed on.
const documentSettings = "settings"

// Setting is a setting that all servers of a store must have alike, and its value at one of them, as text.
type Setting struct {
	Name, Value string
	// Guess says that nobody has set it and the server made the value up. Such a value is compared, but never recorded: it would be held
	// against a server that starts at another address the next day.
	Guess bool
}

// SettingAgreement compares a setting of one server with what the store has.
type SettingAgreement struct {
	Name    string  `json:"setting"`
	Stored  *string `json:"stored"` // nil: the store has none
	Own     string  `json:"own"`
	Differs bool    `json:"differs"`
}

// CompareSettings compares a server's settings with those of the store, in their order. What the store does not have differs from nothing.
func CompareSettings(ctx context.Context, documents Documents, own []Setting) ([]SettingAgreement, error) {
	stored, err := ReadJSON[map[string]string](ctx, documents, documentSettings)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	return compareSettings(stored, own), nil
}

func compareSettings(stored map[string]string, own []Setting) []SettingAgreement {
	compared := make([]SettingAgreement, 0, len(own))
	for _, setting := range own {
		row := SettingAgreement{Name: setting.Name, Own: setting.Value}
		if value, ok := stored[setting.Name]; ok {
			row.Stored, row.Differs = &value, value != setting.Value
		}
		compared = append(compared, row)
	}
	return compared
}

// RecordSettings compares as CompareSettings does and, unless something differs, saves what the store does not have. Of servers that start
// at once on a new store one is first.
func RecordSettings(ctx context.Context, documents Documents, own []Setting) (compared []SettingAgreement, err error) {
	err = UpdateJSON(ctx, documents, documentSettings, func(stored map[string]string) (map[string]string, error) {
		compared = compareSettings(stored, own)
		if slices.ContainsFunc(compared, func(row SettingAgreement) bool { return row.Differs }) {
			return stored, nil
		}
		return replaced(stored, own), nil
	})
	return compared, err
}

// SettingChange is a setting that the store has otherwise than before. Nil: it has none.
type SettingChange struct {
	Name   string  `json:"setting"`
	Before *string `json:"before"`
	After  *string `json:"after"`
}

// AcceptSettings replaces the settings that the store has by those of one server, and returns what changed, in the order of own.
// A guess removes the setting from the store.
func AcceptSettings(ctx context.Context, documents Documents, own []Setting) (changed []SettingChange, err error) {
	err = UpdateJSON(ctx, documents, documentSettings, func(stored map[string]string) (map[string]string, error) {
		after := replaced(stored, own)
		changed = []SettingChange{}
		for _, setting := range own {
			before, had := stored[setting.Name]
			value, has := after[setting.Name]
			if before == value && had == has {
				continue
			}
			change := SettingChange{Name: setting.Name}
			if had {
				change.Before = &before
			}
			if has {
				change.After = &value
			}
			changed = append(changed, change)
		}
		return after, nil
	})
	return changed, err
}

// replaced keeps what only a later version knows.
func replaced(stored map[string]string, own []Setting) map[string]string {
	after := map[string]string{}
	maps.Copy(after, stored)
	for _, setting := range own {
		if setting.Guess {
			delete(after, setting.Name)
		} else {
			after[setting.Name] = setting.Value
		}
	}
	return after
}
