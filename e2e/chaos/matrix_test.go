package chaos_test

import "testing"

// row is one fault of the matrix: where, under which load, and what happens.
type row struct {
	name    string // stable: docs/guarantees.md has the same
	quick   bool   // is part of make test
	ground  func(*testing.T) *ground
	servers int
	load    load
	fault   func(*run)
	// settings are more of them, for the servers.
	settings func(*run) []string
	// noticesLate says that mails may come after the row has ended: a server was killed that had claimed them, and others take such
	// a claim over after minutes, or the store was put back to a time before them.
	noticesLate bool
}

// usual is the load of most rows; changing is for faults that are about changes.
var (
	usual    = load{tokens: 120, writes: 20}
	changing = load{tokens: 60, writes: 40}
)

// matrix is every row, in the order of the table.
func matrix() []row {
	single, dumped := onRedis(durable), onRedis(dumpsOnly)
	return []row{
		{name: "bolt: server killed 5 times", quick: true, ground: onBolt, servers: 1, load: changing, fault: killServers, noticesLate: true},
		{name: "bolt: disk full 10 s", ground: onSmallDisk, servers: 1, load: changing, fault: fillDisk},
		{name: "Redis: one of two servers killed 5 times", ground: single, servers: 2, load: changing, fault: killServers, noticesLate: true},
		{name: "Redis: rolling restart of the servers", ground: single, servers: 2, load: usual, fault: restartServers},
		{name: "Redis: clock of one server 10 minutes ahead", ground: single, servers: 2, load: usual, fault: jumpClock},
		{name: "Redis: killed 3 times, appendfsync always", quick: true, ground: single, servers: 2, load: changing, fault: killRedis},
		{name: "Redis: hangs 10 s", ground: single, servers: 2, load: usual, fault: hangRedis},
		{name: "Redis: black hole 10 s", ground: single, servers: 2, load: usual, fault: blackHole},
		{name: "Redis: latency of 200 ms", ground: single, servers: 2, load: usual, fault: delay},
		{name: "Redis: 15 % of the replies cut", quick: true, ground: single, servers: 2, load: usual, fault: cutReplies},
		{name: "Redis: flapping", ground: single, servers: 2, load: usual, fault: flap},
		{name: "Redis: memory full 7 s", ground: single, servers: 2, load: changing, fault: fillMemory},
		{name: "Redis: read-only 6 s", ground: single, servers: 2, load: changing, fault: makeReadOnly},
		{name: "Redis: FLUSHALL, then the backup", quick: true, ground: dumped, servers: 2, load: usual, fault: flush, noticesLate: true},
		{name: "Redis: restarted empty, then the backup", ground: dumped, servers: 2, load: usual, fault: restartEmpty, noticesLate: true},
		{name: "Redis: an older dump", quick: true, ground: dumped, servers: 2, load: changing, fault: goBack, noticesLate: true},
		{name: "Sentinel: primary killed", ground: onSentinel(2, true), servers: 2, load: changing, fault: killPrimary},
		{name: "Sentinel: primary paused 11 s", ground: onSentinel(2, true), servers: 2, load: changing, fault: pausePrimary},
		{
			name: "Sentinel: stale replica promoted, min-replicas-to-write 0", quick: true, ground: onSentinel(1, false), servers: 2,
			load: changing, fault: promoteStale,
		},
		{
			name: "Sentinel: stale replica promoted, min-replicas-to-write 1", ground: onSentinel(1, true), servers: 2,
			load: changing, fault: promoteStale,
		},
		{name: "Sentinel: only replica hangs 10 s", ground: onSentinel(1, true), servers: 2, load: changing, fault: hangReplica},
		{name: "Sentinel: server cut off with the old primary 15 s", ground: onDivisible(2), servers: 2, load: changing, fault: cutOff},
		{name: "Cluster: master of the tenant killed", ground: onCluster, servers: 2, load: changing, fault: killMaster},
		{name: "Cluster: slot of the tenant moved", quick: true, ground: onCluster, servers: 2, load: changing, fault: moveSlot},
		{name: "mail server greylists 10 s", ground: single, servers: 2, load: usual, fault: greylist},
		{name: "mail server hangs 10 s", ground: single, servers: 2, load: usual, fault: hangMail},
		{name: "webhook hangs", ground: single, servers: 2, load: usual, fault: wait, settings: deadWebhook},
		{name: "another tenant's storm 10 s", ground: single, servers: 2, load: usual, fault: storm},
	}
}
