// Package chaos breaks a running Mintkey in every way of a table, under load, and counts what it gets wrong: wrong answers, acknowledged
// changes that are lost, revoked keys that work again, revocations that a gateway has missed. It has no code of its own, only tests.
//
// matrix_test.go is the table: a row is a deployment, a fault and what is allowed. The load (load_*_test.go) drives the built program and
// keeps a model of everything that was acknowledged (model_test.go); the judge (judge_test.go) holds the store to the model at the end.
// history_*_test.go record histories of concurrent requests and check that they are linearizable.
//
// "go test ./e2e/chaos" runs the quick rows; "make chaos" runs all and writes the table.
package chaos
