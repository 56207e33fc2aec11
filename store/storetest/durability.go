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
	Populate(t, both[0])
	equal(t, "everything", Everything(t, both[1]), Everything(t, both[0]))
}

func reopeningFindsEverything(t testing.TB, at place) {
	s := at.open()
	Populate(t, s)
	before := Everything(t, s)
	check(t, s.Close())
	equal(t, "everything", Everything(t, at.connect(t)), before)
}
