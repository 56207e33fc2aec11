package configs

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
)

// fileSuffix ends the name of a setting that holds the path of a file, whose content is the value of the setting without it.
const fileSuffix = "_file"

const keyEncryptionKeyFile = "signing_keys.encryption_key_file"

// maxSecretFile is far more than any secret has. A path to something else, such as a log, is a mistake.
const maxSecretFile = 64 << 10 // bytes

// secretFile is a setting that can be given in a file: docker, Kubernetes and systemd hand secrets over in files, and neither process lists
// nor crash reports show them.
type secretFile struct {
	setting, value Setting // smtp.url_file and smtp.url
}

// secretFiles are the settings that Load reads from files. The key-encryption key is not among them: a command that opens a store needs
// it only where signing keys are, so package main reads it.
func secretFiles() []secretFile {
	settings := Settings()
	byName := map[string]Setting{}
	for _, s := range settings {
		byName[s.Name] = s
	}
	var found []secretFile
	for _, s := range settings {
		if name, ok := strings.CutSuffix(s.Name, fileSuffix); ok && s.Name != keyEncryptionKeyFile {
			found = append(found, secretFile{s, byName[name]})
		}
	}
	return found
}

// SecretFile is a file that a secret is read from.
type SecretFile struct {
	Setting string // such as smtp.url_file
	Path    string
	AtStart bool // read once only: Reread leaves it alone
}

// SecretFiles lists the files that secrets are read from, the key-encryption key among them.
func (c Config) SecretFiles() []SecretFile {
	var files []SecretFile
	for _, s := range Settings() {
		if path := c.text(s); strings.HasSuffix(s.Name, fileSuffix) && path != "" {
			files = append(files, SecretFile{s.Name, path, readAtStart(s)})
		}
	}
	return files
}

// Reread returns the settings with what is in the files of secrets now. The error joins an *Error for every problem.
func (c Config) Reread() (Config, error) {
	fresh := c
	fresh.StoreFile = ""
	for _, f := range secretFiles() {
		if !readAtStart(f.setting) && fresh.text(f.setting) != "" {
			fresh.set(f.value, f.value.Default)
		}
	}
	found, unread := fresh.readSecretFiles()
	problems := withoutConsequences(fresh.check(), unread)
	var wrong []error
	for _, s := range Settings() {
		if problem := cmp.Or(unread[s.Name], problems[s.Name]); problem != "" {
			wrong = append(wrong, &Error{s.Name, cmp.Or(sourceOf(s, []layer{found}), "read again"), problem})
		}
	}
	if len(wrong) > 0 {
		return c, errors.Join(wrong...)
	}
	fresh.StoreFile = c.StoreFile
	return fresh, nil
}

// readAtStart is for the store, and for what decrypts the signing keys: a server has both as they were when it started.
func readAtStart(s Setting) bool { return s.Name == "store_file" || s.Name == keyEncryptionKeyFile }

// readSecretFiles fills in the settings that are in files. It returns these as a layer, without their values, and what is wrong, by name.
func (c *Config) readSecretFiles() (found layer, problems map[string]string) {
	found.values, problems = map[string]any{}, map[string]string{}
	found.source = func(s Setting) string { return fmt.Sprint("in ", found.values[s.Name]) }
	for _, f := range secretFiles() {
		path := c.text(f.setting)
		if path == "" {
			continue
		}
		if c.reveal(f.value) != f.value.Default {
			problems[f.setting.Name] = "cannot be set together with " + f.value.Name
			continue
		}
		if problem := checkHome(path); problem != "" {
			problems[f.setting.Name] = problem
			continue
		}
		text, err := readSecret(path)
		if err != nil {
			problems[f.setting.Name] = err.Error()
			continue
		}
		found.values[f.value.Name] = path
		c.set(f.value, text)
	}
	return found, problems
}

// readSecret reads a file and takes the white space off its ends: editors, echo and secret managers add a line break.
func readSecret(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", err
	case info.IsDir():
		return "", fmt.Errorf("%s is a folder", path)
	case !info.Mode().IsRegular(): // reading a pipe or a device may never end
		return "", fmt.Errorf("%s is no regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxSecretFile+1))
	switch {
	case err != nil:
		return "", err
	case len(text) > maxSecretFile:
		return "", fmt.Errorf("%s has more than %d bytes: that is no secret", path, maxSecretFile)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return secret, nil
}

// text is the value of a setting that is a text and no secret; empty for any other.
func (c Config) text(s Setting) string {
	text, _ := reflect.TypeAssert[string](reflect.ValueOf(c).FieldByIndex(s.index))
	return text
}

// reveal is the value of a secret in clear.
func (c Config) reveal(s Setting) string {
	secret, _ := reflect.TypeAssert[interface{ Reveal() string }](reflect.ValueOf(c).FieldByIndex(s.index))
	if secret == nil {
		return ""
	}
	return secret.Reveal()
}

// set gives a setting that is a secret a value.
func (c *Config) set(s Setting, text string) {
	_ = parse(reflect.ValueOf(c).Elem().FieldByIndex(s.index).Addr().Interface(), text) // any text is a secret
}
