// Package redistest starts real redis-servers for tests, alone, as a Cluster or under Sentinel, and kills, pauses and restarts them.
// What it starts ends with the test.
//
// It uses no Redis library, only the few commands of the protocol that it needs. Only tests import it.
package redistest
