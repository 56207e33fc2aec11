// Package boltstore keeps everything in one file, for a server that runs on one machine without a database.
//
// The file belongs to one process at a time; a second one gets store.ErrInUse. Every write that returned nil has been synced to disk.
// Writers that wait at the same time share one transaction, and so one wait for the disk; if one of them fails,
// the others are still written.
//
// The budgets of store.Limits are the exception: they are kept in memory, in bounded space, and start full with each process.
//
// Records are JSON in bbolt buckets, listed in buckets.go. It imports package policy and package store, and is the only
// package that imports bbolt and golang.org/x/time/rate.
package boltstore
