package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"mintkey/policy"
)

// profile is the content of the file that login writes.
type profile struct {
	URL          string `json:"url"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// profileAt is where a profile is, whether or not it exists. The zero profileAt is none.
type profileAt struct {
	name string // empty for a file that was named by its path
	path string
}

func (a profileAt) String() string {
	if a.name == "" {
		return a.path
	}
	return a.name
}

const (
	firstProfile = "default"
	profileFile  = "profile.json" // of firstProfile; the others are in the folder profiles
	profilesIn   = "profiles"
	currentFile  = "current" // has the name of the profile in use; none: firstProfile
)

var profileName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

func profilesFolder() (string, error) {
	folder, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the folder for profiles: %w", err)
	}
	return filepath.Join(folder, "mintkey"), nil
}

// findProfile goes by --profile, then MINTKEY_PROFILE, then the profile that was switched to.
func (p *program) findProfile(f *accessFlags) (profileAt, error) {
	chosen := cmp.Or(f.profile, p.getenv("MINTKEY_PROFILE"))
	if strings.ContainsAny(chosen, `/\.`) {
		return profileAt{path: chosen}, nil
	}
	folder, err := profilesFolder()
	if err != nil {
		return profileAt{}, err
	}
	if chosen == "" {
		if chosen, err = currentProfile(folder); err != nil {
			return profileAt{}, err
		}
	}
	return namedProfile(folder, chosen)
}

func namedProfile(folder, name string) (profileAt, error) {
	if !profileName.MatchString(name) {
		return profileAt{}, usagef("%.60q is no name of a profile: those have small letters, digits, - and _; a path has a slash or a dot", name)
	}
	if name == firstProfile {
		return profileAt{name, filepath.Join(folder, profileFile)}, nil
	}
	return profileAt{name, filepath.Join(folder, profilesIn, name+".json")}, nil
}

func currentProfile(folder string) (string, error) {
	text, err := os.ReadFile(filepath.Join(folder, currentFile))
	if errors.Is(err, fs.ErrNotExist) {
		return firstProfile, nil
	}
	if err != nil {
		return "", fmt.Errorf("read which profile is in use: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// useProfile makes a profile the one that commands use.
func useProfile(at profileAt) error {
	folder, err := profilesFolder()
	if err != nil {
		return err
	}
	if err := saveFile(filepath.Join(folder, currentFile), []byte(at.name+"\n")); err != nil {
		return fmt.Errorf("save which profile is in use: %w", err)
	}
	return nil
}

// forgetCurrent forgets which profile was switched to if there is none of that name any more. Commands use the first one then.
func forgetCurrent() error {
	folder, err := profilesFolder()
	if err != nil {
		return err
	}
	name, err := currentProfile(folder)
	if err != nil {
		return err
	}
	at, err := namedProfile(folder, name)
	if err == nil {
		if _, err = os.Stat(at.path); err == nil {
			return nil
		}
	}
	if err := os.Remove(filepath.Join(folder, currentFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget which profile is in use: %w", err)
	}
	return nil
}

// otherProfiles says which profiles there are for whoever has none in use; nothing if there are none.
func otherProfiles() string {
	found, err := savedProfiles()
	if err != nil || len(found) == 0 {
		return ""
	}
	names := make([]string, len(found))
	for i, at := range found {
		names[i] = at.name
	}
	return "no profile is in use; mintkey switch chooses one: " + strings.Join(names, ", ")
}

// savedProfiles are those with a name, sorted.
func savedProfiles() ([]profileAt, error) {
	folder, err := profilesFolder()
	if err != nil {
		return nil, err
	}
	var found []profileAt
	if _, err := os.Stat(filepath.Join(folder, profileFile)); err == nil {
		found = append(found, profileAt{firstProfile, filepath.Join(folder, profileFile)})
	}
	entries, err := os.ReadDir(filepath.Join(folder, profilesIn))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the profiles: %w", err)
	}
	for _, entry := range entries {
		name, isJSON := strings.CutSuffix(entry.Name(), ".json")
		if isJSON && name != firstProfile && profileName.MatchString(name) {
			found = append(found, profileAt{name, filepath.Join(folder, profilesIn, entry.Name())})
		}
	}
	slices.SortFunc(found, func(a, b profileAt) int { return strings.Compare(a.name, b.name) })
	return found, nil
}

// savedAccess is the access key in the profile, without a way to its server.
func (p *program) savedAccess(f *accessFlags) (access, error) {
	at, err := p.findProfile(f)
	if err != nil {
		return access{}, err
	}
	return p.readProfile(at)
}

func (p *program) readProfile(at profileAt) (access, error) {
	content, err := os.ReadFile(at.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && at.name == firstProfile:
		err := unauthenticatedf("no access key given: set MINTKEY_CLIENT_ID and MINTKEY_CLIENT_SECRET, or save them with "+
			"mintkey login (%s does not exist)", at.path)
		return access{}, withHints(err, otherProfiles())
	case errors.Is(err, fs.ErrNotExist):
		return access{}, unauthenticatedf("there is no profile %s (%s does not exist): mintkey profiles lists those that there are", at, at.path)
	case err != nil:
		return access{}, fmt.Errorf("read the profile: %w", err)
	}
	if about, err := os.Stat(at.path); err == nil && about.Mode().Perm()&0o066 != 0 {
		p.sayf("warning: other users of this machine can read or change the secret in %s: chmod 600 %[1]s\n", shellWord(at.path))
	}
	var saved profile
	if err := json.Unmarshal(content, &saved); err != nil {
		return access{}, fmt.Errorf("read the profile %s: %w", at.path, err)
	}
	return access{
		url: saved.URL, clientID: saved.ClientID, secret: policy.ClientSecretFromRequest(saved.ClientSecret),
		source: "the profile " + at.String(), saved: at,
	}, nil
}

func saveProfile(path string, a access) error {
	return saveJSON(path, profile{a.url, a.clientID, a.secret.Reveal()})
}

// saveJSON replaces the file atomically and durably, by one that nobody else could read at any time.
func saveJSON(path string, record any) error {
	content, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return err
	}
	return saveFile(path, append(content, '\n'))
}

func saveFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".profile-*") // CreateTemp makes it 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	if _, err := file.Write(content); err != nil {
		_ = file.Close()
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	return settle(file.Name(), path)
}
