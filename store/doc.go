// Package store is the contract of Mintkey's stores. Package boltstore implements it in one file, package redisstore in Redis;
// package storetest is the suite that each of them passes.
//
// The contract, which storetest holds every store to:
//
//   - A write that returned nil is durable: it survives the death of the process by any signal.
//   - An Update runs its function on the record as it is, and saves the result only if nobody changed the record meanwhile;
//     otherwise it runs the function again, a bounded number of times, then returns ErrConflict. The function must be pure.
//     An error of the function is returned as it is, and nothing is written.
//   - A change and the events that record it are saved together or not at all.
//   - What is returned belongs to the caller: no two results share memory that one of them may change.
//   - Failures are told apart with errors.Is: the sentinels below, or the error of a cancelled context. A store
//     that cannot be reached is ErrUnavailable, never ErrNotFound.
//   - All methods may be called from many goroutines, and from many processes where the store allows more than one.
//
// No rule of package policy is repeated in a store, in Go or in Lua.
package store
