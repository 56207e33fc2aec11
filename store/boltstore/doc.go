// Package boltstore keeps everything in one file, for a server that runs on one machine and needs nothing beside it.
//
// The file belongs to one process at a time; a second one gets store.ErrInUse. Every write that returned nil
// has been synced to disk. Writers who wait at the same time share one transaction, and so one wait for the disk; the
// refusal of one does not touch the others.
//
// The budgets of store.Limits are the exception: they are kept in memory, in bounded space, and begin anew with the process.
//
// Records are JSON in bbolt buckets, listed in buckets.go. It imports package policy and package store, and is the only
// package that imports bbolt and golang.org/x/time/rate.
package boltstore
