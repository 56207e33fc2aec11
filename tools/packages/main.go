// Command packages makes the deb and rpm that .goreleaser.yaml describes, from a program that is built already. It reads the file as
// GoReleaser does, strictly, so a member that GoReleaser does not know is an error.
//
//	go run . -root ../.. -program dist/mintkey -version 1.2.3 -out dist/packages
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goreleaser/goreleaser/v2/pkg/config"
	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm"
)

func main() {
	root := flag.String("root", ".", "the repository, to which paths are relative")
	program := flag.String("program", "dist/mintkey", "the program")
	version := flag.String("version", "0.0.0", "version of the packages")
	arch := flag.String("arch", "amd64", "architecture that the program was built for, as Go calls it")
	out := flag.String("out", "dist/packages", "folder for the packages")
	flag.Parse()
	if err := run(*root, *program, *version, *arch, *out); err != nil {
		fmt.Fprintf(os.Stderr, "packages: %v\n", err)
		os.Exit(1)
	}
}

func run(root, program, version, arch, out string) error {
	if err := os.Chdir(root); err != nil {
		return err
	}
	release, err := config.Load(".goreleaser.yaml")
	if err != nil {
		return fmt.Errorf(".goreleaser.yaml: %w", err)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for _, described := range release.NFPMs {
		for _, format := range described.Formats {
			path, err := makeOne(described, format, program, version, arch, out)
			if err != nil {
				return fmt.Errorf("%s: %w", format, err)
			}
			fmt.Println(path)
		}
	}
	return nil
}

// makeOne makes one package, and returns its path.
func makeOne(described config.NFPM, format, program, version, arch, out string) (string, error) {
	own := described.Overrides[format]
	contents := files.Contents{{
		Source: program, Destination: filepath.Join(described.Bindir, "mintkey"), FileInfo: &files.ContentFileInfo{Mode: 0o755},
	}}
	for _, c := range described.Contents {
		contents = append(contents, &files.Content{
			Source: c.Source, Destination: c.Destination, Type: c.Type, Packager: c.Packager, FileInfo: &files.ContentFileInfo{
				Owner: c.FileInfo.Owner, Group: c.FileInfo.Group, Mode: c.FileInfo.Mode,
			},
		})
	}
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: described.PackageName, Arch: arch, Platform: "linux", Version: version, Section: described.Section,
		Maintainer: described.Maintainer, Description: described.Description, License: described.License,
		Overridables: nfpm.Overridables{
			Contents: contents, Depends: own.Dependencies, Recommends: own.Recommends,
			Scripts: nfpm.Scripts{
				PreInstall: described.Scripts.PreInstall, PostInstall: described.Scripts.PostInstall, PreRemove: described.Scripts.PreRemove,
			},
		},
	})
	packager, err := nfpm.Get(format)
	if err != nil {
		return "", err
	}
	if err := nfpm.PrepareForPackager(info, format); err != nil {
		return "", err
	}
	path := filepath.Join(out, packager.ConventionalFileName(info))
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	if err := packager.Package(info, file); err != nil {
		_ = file.Close()
		return "", err
	}
	return path, file.Close()
}
