// Package ephemeral gives types to the short-lived values of store.Ephemera: records of one type, and links that work once.
//
// Expiry goes by the time that the caller passes in; that the store deletes a value is garbage collection only.
// It knows interfaces of package store and never a store. All methods may be called from many goroutines.
package ephemeral
