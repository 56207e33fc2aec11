package configs

import (
	"cmp"
	"fmt"
	"net"
	"strconv"
	"strings"
)

func checkAddress(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Sprintf("%.60q %s", address, listenForm)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Sprintf("%.60q %s, with a port from 0 to 65535", address, listenForm)
	}
	return ""
}

func (c Config) checkOpsListen() string {
	return cmp.Or(checkOtherAddress(c.OpsListen, "listen", c.Listen), checkOtherAddress(c.OpsListen, "admin_listen", c.AdminListen))
}

// checkOtherAddress is for a listener that can be left out, beside another one.
func checkOtherAddress(address, otherName, other string) string {
	switch {
	case address == "":
		return ""
	case checkAddress(address) != "":
		return checkAddress(address)
	case collide(address, other):
		return fmt.Sprintf("%.60q cannot be had beside %s, which is %.60q: give it another port", address, otherName, other)
	}
	return ""
}

// collide says that two listeners cannot be had at once. Port 0 is another one each time.
func collide(one, other string) bool {
	host, port, err := net.SplitHostPort(one)
	otherHost, otherPort, otherErr := net.SplitHostPort(other)
	if err != nil || otherErr != nil || port != otherPort || strings.Trim(port, "0") == "" {
		return false
	}
	return everyInterface(host) || everyInterface(otherHost) || strings.EqualFold(host, otherHost)
}
