package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"mintkey/policy"
)

// accessFlags say which server a command talks to, and with which access key.
type accessFlags struct {
	serverFlags

	clientID, secretFile, profile string
}

// access is a server, an access key for it, and the way there.
type access struct {
	url      string
	clientID string
	secret   policy.ClientSecret
	via      *connection
	source   string // where the access key is from, in words
	saved    profileAt
}

func addAccessFlags(c *cobra.Command) *accessFlags {
	var f accessFlags
	f.add(c)
	flags := c.PersistentFlags()
	flags.StringVar(&f.clientID, "client-id", "", "access key to use (MINTKEY_CLIENT_ID)")
	flags.StringVar(&f.secretFile, "client-secret-file", "",
		"file with its secret, - to be asked or for standard input (MINTKEY_CLIENT_SECRET_FILE; else MINTKEY_CLIENT_SECRET)")
	flags.StringVar(&f.profile, "profile", "",
		"profile that mintkey login has saved, by its name or as a path with a slash or a dot in it (MINTKEY_PROFILE)")
	complete(c, "profile", profileNames)
	return &f
}

// resolve prefers flags to the environment, and that to the profile. The secret of a profile is sent to the profile's server only.
func (p *program) resolve(ctx context.Context, f *accessFlags) (access, error) {
	given, err := p.given(ctx, f)
	if err != nil {
		return access{}, err
	}
	hasSecret := given.secret.Reveal() != ""
	switch {
	case given.clientID != "" && hasSecret:
		given.via.defaulted = given.url == ""
		given.url = cmp.Or(given.url, defaultURL)
	case given.clientID != "" || hasSecret:
		return access{}, usagef("a client ID and its secret are needed together: set MINTKEY_CLIENT_ID and MINTKEY_CLIENT_SECRET, " +
			"or --client-id and --client-secret-file")
	default:
		saved, err := p.savedAccess(f)
		if err != nil {
			return access{}, err
		}
		if given.url != "" && !sameServer(given.url, saved.url) {
			return access{}, usagef("the profile is for %s, not for %s: set MINTKEY_CLIENT_ID and MINTKEY_CLIENT_SECRET", saved.url, given.url)
		}
		saved.via = given.via
		given = saved
	}
	return given, p.checkAccess(given, &f.serverFlags)
}

// given is what flags and environment say, which may not be all.
func (p *program) given(ctx context.Context, f *accessFlags) (given access, err error) {
	if given.via, err = p.newConnection(&f.serverFlags); err != nil {
		return given, err
	}
	if given.secret, given.source, err = p.givenSecret(ctx, f); err != nil {
		return given, err
	}
	given.url = cmp.Or(f.url, strings.TrimSpace(p.getenv("MINTKEY_URL")))
	given.clientID = strings.TrimSpace(cmp.Or(f.clientID, p.getenv("MINTKEY_CLIENT_ID")))
	return given, nil
}

// checkAccess refuses what must not be sent.
func (p *program) checkAccess(a access, f *serverFlags) error {
	if strings.HasPrefix(a.clientID, policy.SecretPrefix) {
		return usagef("the client ID is a client secret: have the two been mixed up?")
	}
	return p.checkServer(a.url, f)
}

// givenSecret returns a secret and where it is from; an empty one if none is given.
func (p *program) givenSecret(ctx context.Context, f *accessFlags) (secret policy.ClientSecret, source string, err error) {
	const variable = "MINTKEY_CLIENT_SECRET"
	text := p.getenv(variable)
	source = variable
	file := f.secretFile
	if file != "" {
		source = "--client-secret-file"
	} else if file = p.getenv(variable + "_FILE"); file != "" {
		if source = variable + "_FILE"; text != "" {
			return secret, source, usagef("%s and %s cannot be set together", variable, source)
		}
	}
	if file != "" {
		if text, err = p.readSecret(ctx, file); err != nil {
			return secret, source, err
		}
	}
	trimmed := strings.TrimSpace(text)
	switch {
	case trimmed == "" && file != "":
		return secret, source, usagef("%s %s is empty", source, file)
	case trimmed != text && file == "": // a file ends in a line break as a rule
		p.sayf("warning: %s has blanks or line breaks around the secret, which are left out\n", variable)
	}
	return policy.ClientSecretFromRequest(trimmed), source, nil
}

// readSecret reads a file. For "-" it asks at the terminal, or reads standard input to its end.
func (p *program) readSecret(ctx context.Context, path string) (string, error) {
	if _, ok := p.terminal(); ok && path == "-" {
		return p.askSecret(ctx, "Client secret")
	}
	content, err := p.readFile(path)
	if err == nil {
		p.noteOpenFile(path)
	}
	return string(content), err
}

// noteOpenFile warns, once for each, of a file of a secret that everybody on this machine can read or change. The group's bits are left
// alone, as by the server: it is how Kubernetes lets a program without rights read its secrets.
func (p *program) noteOpenFile(path string) {
	info, err := os.Stat(path)
	if path == "-" || err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&openToOthers == 0 || p.toldOpen[path] {
		return
	}
	if p.toldOpen == nil {
		p.toldOpen = map[string]bool{}
	}
	p.toldOpen[path] = true
	p.sayf("warning: everybody on this machine can read or change the secret in %s: chmod o= %[1]s\n", shellWord(path))
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
