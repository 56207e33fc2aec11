// Package redistest starts real redis-servers for tests, alone, as a Cluster or under Sentinel, and kills, freezes and restarts
// them. What it starts ends with the test.
//
// It knows no Redis library: it speaks the few words of the protocol that it needs itself. Only tests import it.
package redistest
