package configs

import "strings"

// expandHome puts the home folder in the place of a ~ with which a path begins, as a shell would. Paths in a file, in the environment or
// after --store=bolt:// have not been through a shell.
func (c *Config) expandHome(environ []string) {
	home := ""
	for _, entry := range environ {
		if value, ok := strings.CutPrefix(entry, "HOME="); ok {
			home = value
		}
	}
	if home == "" {
		return
	}
	expand := func(path string) string {
		if rest, ok := strings.CutPrefix(path, "~/"); ok {
			return strings.TrimSuffix(home, "/") + "/" + rest
		}
		return path
	}
	for _, path := range []*string{
		&c.SigningKeys.EncryptionKeyFile, &c.TLS.Cert, &c.TLS.Key, &c.Audit.Archive,
		&c.StoreFile, &c.SMTP.URLFile, &c.Webhook.URLFile, &c.Webhook.SecretFile, &c.OIDC.ClientSecretFile,
	} {
		*path = expand(*path)
	}
	if path, ok := c.BoltPath(); ok {
		c.Store = NewSecretURL(boltScheme + "://" + expand(path))
	}
}

// checkHome refuses a ~ that expandHome has left: it would make a folder of that name.
func checkHome(path string) string {
	if strings.HasPrefix(path, "~") {
		return "a path can begin with ~/ where HOME is set, and not with ~ otherwise: write it in full"
	}
	return ""
}
