// Package ephemeral gives a form to the short-lived values of store.Ephemera: records of one type, links that work once, and cutoffs.
//
// It decides by the instant that the caller passes in; that the store forgets a value is garbage collection only. It knows interfaces of
// package store and never a store. All methods may be called from many goroutines.
package ephemeral
