// Command licences checks that the licence of each module in a CycloneDX SBOM is one that allows Mintkey to be given on. It is run as a
// file, by tools/audit/run.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
)

// component is a module. Its licences are what a detector read in its files.
type component struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Evidence struct {
		Licenses []struct {
			License struct {
				ID   string `json:"id"`
				Name string `json:"name"`
			} `json:"license"`
		} `json:"licenses"`
	} `json:"evidence"`
}

func main() {
	if err := check(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

func check(args []string) error {
	if len(args) != 1 {
		return errors.New("give the SBOM, a file of CycloneDX JSON")
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	var sbom struct {
		Components []component `json:"components"`
	}
	if err := json.Unmarshal(text, &sbom); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	if len(sbom.Components) < 20 {
		return fmt.Errorf("%s names only %d modules: it can't be that of mintkey", args[0], len(sbom.Components))
	}
	var wrong []error
	for _, c := range sbom.Components {
		if err := c.allowed(); err != nil {
			wrong = append(wrong, err)
		}
	}
	fmt.Printf("licences: %d modules looked at\n", len(sbom.Components))
	return errors.Join(wrong...)
}

// allowed wants every licence that was found to be a permissive one. BSD-Source-Code is what the detector calls the three clauses of Go.
func (c component) allowed() error {
	permissive := []string{"Apache-2.0", "MIT", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "BSD-Source-Code"}
	if c.Name == "std" {
		return nil // the standard library comes with the compiler, not from the module cache: BSD-3-Clause
	}
	if len(c.Evidence.Licenses) == 0 {
		return fmt.Errorf("%s %s: no licence found", c.Name, c.Version)
	}
	for _, l := range c.Evidence.Licenses {
		if !slices.Contains(permissive, l.License.ID) {
			return fmt.Errorf("%s %s: licence %s%s is not one of %v", c.Name, c.Version, l.License.ID, l.License.Name, permissive)
		}
	}
	return nil
}
