// Package e2e tests the mintkey program as it is built: real processes, real stores, real OAuth clients. It has no code of its own,
// only tests.
//
// Each test starts its own servers on free ports of 127.0.0.1, and stops them by their process ID. What they need is installed by
// tools/install; what is missing fails the test that needs it. "go test -short" leaves all of them out.
package e2e
