// Package storetest is the suite that every store.Store passes: a store exists once Run is green for it.
//
// Each case holds the store to one promise of package store, through the interface alone. The suite's own test breaks each
// promise on purpose, one at a time, and checks that a case notices.
//
// It imports package policy and package store, and no store.
package storetest
