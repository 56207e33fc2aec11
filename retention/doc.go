// Package retention keeps audit trails from growing for ever: it deletes events that are old enough, or moves them out to files first.
// Before that, once an hour, it has their hash chains go on (package chain), and signs the heads.
//
// It promises that no event is deleted before the time at which retention begins for a store, and none that is to be moved before the file
// that has it is on the disk. It knows stores by their interfaces only, and does nothing that a server on another machine could not do at
// the same time.
package retention
