package redistest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// belongsTo says whether one of the processes is at the other end of a connection over IPv4 on this machine. It knows from /proc, so there
// must be Linux.
func belongsTo(conn net.Conn, processes []int) bool {
	socket := socketOf(conn)
	return socket != "" && slices.ContainsFunc(processes, func(process int) bool {
		opened, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(process), "fd", "*"))
		return slices.ContainsFunc(opened, func(file string) bool {
			target, err := os.Readlink(file)
			return err == nil && target == socket
		})
	})
}

// socketOf is the name of the socket at the other end; it is empty if that is closed.
func socketOf(conn net.Conn) string {
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return ""
	}
	local, remote := inTable(conn.RemoteAddr()), inTable(conn.LocalAddr())
	for line := range strings.Lines(string(table)) {
		const localColumn, remoteColumn, inodeColumn = 1, 2, 9
		columns := strings.Fields(line)
		if len(columns) > inodeColumn && columns[localColumn] == local && columns[remoteColumn] == remote {
			return "socket:[" + columns[inodeColumn] + "]"
		}
	}
	return ""
}

// inTable is an address as /proc/net/tcp writes it.
func inTable(address net.Addr) string {
	tcp, ok := address.(*net.TCPAddr)
	if !ok || tcp.IP.To4() == nil {
		return ""
	}
	ip := tcp.IP.To4()
	return fmt.Sprintf("%02X%02X%02X%02X:%04X", ip[3], ip[2], ip[1], ip[0], tcp.Port)
}
