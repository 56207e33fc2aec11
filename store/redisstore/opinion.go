package redisstore

import (
	"bufio"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// opinion is what a Sentinel says of the primary.
type opinion struct {
	primary   string // its address
	sound     bool   // and there is nothing wrong with it, nor is it being replaced
	replicas  int    // that are known, whether they work or not
	epoch     int    // of the last failover
	downAfter time.Duration
	others    []string        // the addresses of the other Sentinels that it knows
	silences  []time.Duration // how long it has not heard those of them that it is in touch with
}

// opinionOf reads the answers to SENTINEL MASTER, SENTINEL GET-MASTER-ADDR-BY-NAME and SENTINEL SENTINELS. A Sentinel that replaces a
// primary gives the address of the new one as soon as that is one, and only some seconds later calls it the master.
func opinionOf(master map[string]string, address []string, others []map[string]string) opinion {
	primary := net.JoinHostPort(address[0], address[1])
	o := opinion{
		primary:   primary,
		downAfter: milliseconds(master["down-after-milliseconds"]),
	}
	var noReplicas, noEpoch error
	o.replicas, noReplicas = strconv.Atoi(master["num-slaves"])
	o.epoch, noEpoch = strconv.Atoi(master["config-epoch"])
	o.sound = noReplicas == nil && noEpoch == nil &&
		(master["flags"] == "master" || primary != net.JoinHostPort(master["ip"], master["port"]))
	for _, other := range others {
		o.others = append(o.others, net.JoinHostPort(other["ip"], other["port"]))
		flags := strings.Split(other["flags"], ",")
		if !slices.Contains(flags, "s_down") && !slices.Contains(flags, "disconnected") {
			o.silences = append(o.silences, milliseconds(other["last-ok-ping-reply"]))
		}
	}
	slices.Sort(o.silences)
	return o
}

// milliseconds are endless if they are no number.
func milliseconds(text string) time.Duration {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return time.Hour
	}
	return time.Duration(n) * time.Millisecond
}

// heardMajority says how long ago the Sentinel, with others that it has heard since, was a majority, given how many others there are; false
// for never.
func (o opinion) heardMajority(others int) (time.Duration, bool) {
	needed := (others + 1) / 2 // besides itself
	switch {
	case needed == 0:
		return 0, true
	case needed > len(o.silences):
		return 0, false
	}
	return o.silences[needed-1], true
}

// silencesIn says, for each replica that is listed in the answer to INFO replication as connected, how long it has not been heard.
func silencesIn(info string) (silences []time.Duration) {
	for lines := bufio.NewScanner(strings.NewReader(info)); lines.Scan(); {
		name, text, _ := strings.Cut(lines.Text(), ":")
		if !strings.HasPrefix(name, "slave") || !strings.Contains(text, "state=online,") {
			continue
		}
		_, lag, found := strings.Cut(text, "lag=")
		// The lag is in whole seconds that have passed.
		if seconds, err := strconv.Atoi(lag); found && err == nil && seconds >= 0 {
			silences = append(silences, time.Duration(seconds+1)*time.Second)
		}
	}
	return silences
}
