package console_test

import (
	"testing"

	"mintkey/server"
)

// Every page says which version it is, and where to read on. Strangers are not told the version.
func TestFoot(t *testing.T) {
	h := newHarness(t, func(o *server.Options) { o.Version, o.DocsURL = "v9.8.7", "https://wiki.example/mintkey?page=1" })
	ada := h.as("ada")
	for _, path := range []string{"/console/users", "/console/account", "/console/security", "/console/nothing"} {
		ada.get(path).says("Mintkey v9.8.7", "Documentation", "API reference").
			has(`href="https://wiki.example/mintkey?page=1"`, `href="/openapi.json"`)
	}
	h.visitor().get("/console/sign-in").says("Documentation", "API reference").saysNot("v9.8.7")
	h.visitor().get("/openapi.json").want(200)
	newHarness(t).as("ada").get("/console/account").says("Mintkey test", "API reference").saysNot("Documentation")
}
