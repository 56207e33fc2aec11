// Package storetest is the suite that every store.Store passes: a store exists once Run is green for it.
//
// Each case holds the store to one promise of package store, through the interface alone. The suite's own test breaks each
// promise on purpose, one at a time, and checks that a case notices.
//
// Of store.Replication it holds what is true without replicas, which not every store can have. What a store with replicas does when they
// hang, are gone or are forgotten is held by the tests of that store: see redisstore/replicas_test.go.
//
// It imports package policy and package store, and no store.
package storetest
