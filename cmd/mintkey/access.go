package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"mintkey/policy"
)

const defaultURL = "http://127.0.0.1:8080"

// accessFlags say which server a command talks to, and with which access key.
type accessFlags struct {
	url, clientID, secretFile, profile string
}

// access is a server and an access key for it.
type access struct {
	url      string
	clientID string
	secret   policy.ClientSecret
}

func addAccessFlags(c *cobra.Command) *accessFlags {
	var f accessFlags
	flags := c.PersistentFlags()
	flags.StringVar(&f.url, "url", "", "the server (MINTKEY_URL; default "+defaultURL+")")
	flags.StringVar(&f.clientID, "client-id", "", "access key to use (MINTKEY_CLIENT_ID)")
	flags.StringVar(&f.secretFile, "client-secret-file", "", "file with its secret, - for standard input (MINTKEY_CLIENT_SECRET_FILE; else MINTKEY_CLIENT_SECRET)")
	flags.StringVar(&f.profile, "profile", "", "file that mintkey login has saved (MINTKEY_PROFILE)")
	return &f
}

// resolve prefers flags to the environment, and that to the profile. The secret of a profile is sent to the profile's server only.
func (p *program) resolve(f *accessFlags) (access, error) {
	secret, err := p.givenSecret(f)
	if err != nil {
		return access{}, err
	}
	given := access{cmp.Or(f.url, p.getenv("MINTKEY_URL")), cmp.Or(f.clientID, p.getenv("MINTKEY_CLIENT_ID")), secret}
	hasSecret := given.secret.Reveal() != ""
	switch {
	case given.clientID != "" && hasSecret:
		given.url = cmp.Or(given.url, defaultURL)
	case given.clientID != "" || hasSecret:
		return access{}, usagef("a client ID and its secret are needed together: set MINTKEY_CLIENT_ID and MINTKEY_CLIENT_SECRET, " +
			"or --client-id and --client-secret-file")
	default:
		saved, err := p.readProfile(f)
		if err != nil {
			return access{}, err
		}
		if given.url != "" && given.url != saved.url {
			return access{}, usagef("the profile is for %s, not for %s: set MINTKEY_CLIENT_ID and MINTKEY_CLIENT_SECRET", saved.url, given.url)
		}
		given = saved
	}
	return given, checkURL(given.url)
}

func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return usagef("%.60q is not the URL of a server, such as %s", text, defaultURL)
	}
	return nil
}

func (p *program) givenSecret(f *accessFlags) (policy.ClientSecret, error) {
	text := p.getenv("MINTKEY_CLIENT_SECRET")
	if file := cmp.Or(f.secretFile, p.getenv("MINTKEY_CLIENT_SECRET_FILE")); file != "" {
		if f.secretFile == "" && text != "" {
			return policy.ClientSecret{}, usagef("MINTKEY_CLIENT_SECRET and MINTKEY_CLIENT_SECRET_FILE cannot be set together")
		}
		content, err := p.readFile(file)
		if err != nil {
			return policy.ClientSecret{}, err
		}
		text = strings.TrimSpace(string(content))
		if text == "" {
			return policy.ClientSecret{}, usagef("the file of the client secret, %s, is empty", file)
		}
	}
	return policy.ClientSecretFromRequest(text), nil
}

// profile is the content of the file that login writes.
type profile struct {
	URL          string `json:"url"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

func (p *program) profilePath(f *accessFlags) (string, error) {
	if path := cmp.Or(f.profile, p.getenv("MINTKEY_PROFILE")); path != "" {
		return path, nil
	}
	folder, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the folder for the profile: %w", err)
	}
	return filepath.Join(folder, "mintkey", "profile.json"), nil
}

func (p *program) readProfile(f *accessFlags) (access, error) {
	path, err := p.profilePath(f)
	if err != nil {
		return access{}, err
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return access{}, usagef("no access key given: set MINTKEY_CLIENT_ID and MINTKEY_CLIENT_SECRET, or save them with mintkey login "+
			"(%s does not exist)", path)
	}
	if err != nil {
		return access{}, fmt.Errorf("read the profile: %w", err)
	}
	var saved profile
	if err := json.Unmarshal(content, &saved); err != nil {
		return access{}, fmt.Errorf("read the profile %s: %w", path, err)
	}
	return access{saved.URL, saved.ClientID, policy.ClientSecretFromRequest(saved.ClientSecret)}, nil
}

// readFile reads a file, or standard input for "-".
func (p *program) readFile(path string) ([]byte, error) {
	if path == "-" {
		text, err := io.ReadAll(p.stdin)
		if err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		return text, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read a file: %w", err)
	}
	return text, nil
}
