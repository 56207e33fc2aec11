package storetest

import "testing"

func durabilityCases() []testCase {
	return []testCase{
		{"other connection finds everything", otherConnectionFindsEverything},
		{"reopening finds everything", reopeningFindsEverything},
	}
}

func otherConnectionFindsEverything(t testing.TB, at place) {
	both := at.connectTwice(t)
	populate(t, both[0])
	equal(t, "everything", everythingRead(t, both[1]), everythingRead(t, both[0]))
}

func reopeningFindsEverything(t testing.TB, at place) {
	s := at.open()
	populate(t, s)
	before := everythingRead(t, s)
	check(t, s.Close())
	equal(t, "everything", everythingRead(t, at.connect(t)), before)
}
