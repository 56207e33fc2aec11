// Package metrics counts what operators watch and alert on (docs/monitoring.md, What to watch).
//
// It promises two things. Every series whose labels are known is there from the start, at 0: an increase is only seen between two values.
// And no label is the name or the ID of anybody, or anything else that a stranger chooses, so that there are as many series for ten
// thousand tenants as for one.
//
// It owns the library of Prometheus, together with limits. It imports nothing else of server: the rooms that count know it by an interface
// of their own.
package metrics
