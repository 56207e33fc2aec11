package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build describes the source that this program was built from.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
}

// What the linker writes into releases, packages and images, which are built without the repository:
//
//	go build -ldflags "-X main.stampedVersion=1.2.3 -X main.stampedRevision=4f2c…"
//
// Both are empty in a build from the repository, which Go stamps by itself.
var stampedVersion, stampedRevision string

func thisBuild() build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return build{Version: "unknown", Go: "unknown"}
	}
	b := build{Version: info.Main.Version, Go: info.GoVersion}
	if b.Version == "" {
		b.Version = "(devel)"
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	b.Version, b.Revision = cmp.Or(stampedVersion, b.Version), cmp.Or(stampedRevision, b.Revision)
	return b
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show what this program was built from",
		Args:  arguments(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			b := thisBuild()
			return p.print(b, func(w io.Writer) {
				_, _ = fmt.Fprintf(w, "mintkey %s\n", b.Version)
				if b.Revision != "" {
					_, _ = fmt.Fprintf(w, "revision %s (modified: %v)\n", b.Revision, b.Modified)
				}
				_, _ = fmt.Fprintln(w, b.Go)
			})
		},
	}
}
