// Package e2etest starts, watches and stops the programs of the end-to-end tests: mintkey as it is built, and what it works with. It is for
// the tests of e2e and e2e/chaos alone, and imports nothing of this module: they see mintkey from outside.
package e2etest
