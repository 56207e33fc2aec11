package server

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"mintkey/policy"
)

// clientAddress returns the address of the peer or, if that is a trusted proxy, the last address in X-Forwarded-For that is not a trusted
// proxy. Where an entry cannot be read it stops at the one before, for whoever wrote it may have copied what a stranger made up.
func (s *Server) clientAddress(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr // a Unix socket
	}
	address := plain(peer.Addr())
	if !s.trusts(address) {
		return textOf(address, r.RemoteAddr)
	}
	last := true
	for _, text := range slices.Backward(strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")) {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		hop, ok := parseHop(text)
		if !ok {
			if last {
				s.warnOfProxy(r, address, text)
			}
			break
		}
		last, address = false, plain(hop)
		if !s.trusts(address) {
			break
		}
	}
	return address.String()
}

// parseHop reads an entry of X-Forwarded-For, which no standard defines. Some proxies add the port (Azure Application Gateway, IIS), put
// IPv6 into brackets, or both, or quote it as RFC 7239 section 6 does.
func parseHop(text string) (netip.Addr, bool) {
	if len(text) > 1 && strings.HasPrefix(text, `"`) && strings.HasSuffix(text, `"`) {
		text = text[1 : len(text)-1]
	}
	if address, err := netip.ParseAddr(text); err == nil {
		return address, true
	}
	if both, err := netip.ParseAddrPort(text); err == nil {
		return both.Addr(), true
	}
	inside, bracketed := strings.CutPrefix(text, "[")
	inside, closed := strings.CutSuffix(inside, "]")
	address, err := netip.ParseAddr(inside)
	return address, bracketed && closed && err == nil && address.Is6()
}

// warnOfProxy says once that a trusted proxy writes what is not understood: all its clients are taken for one then, so that the failures
// of one of them count against all.
func (s *Server) warnOfProxy(r *http.Request, proxy netip.Addr, text string) {
	s.proxyWarning.Do(func() {
		s.Log.WarnContext(r.Context(), "X-Forwarded-For of a trusted proxy cannot be read: its clients are taken for one",
			slog.String("proxy", proxy.String()), slog.String("entry", policy.Excerpt(text, 60)))
	})
}

// textOf is the text of an address. Where a longer text begins with it, as "192.0.2.1:80" does, it is a part of that, and no copy.
func textOf(address netip.Addr, longer string) string {
	var space [64]byte
	text := address.AppendTo(space[:0])
	if len(longer) > len(text) && longer[:len(text)] == string(text) && longer[len(text)] == ':' {
		return longer[:len(text)]
	}
	return string(text)
}

// plain is an address in the one form that is compared and logged. A zone, which may be any text, means nothing outside its machine.
func plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }

func (s *Server) trusts(address netip.Addr) bool {
	for _, proxy := range s.TrustedProxies {
		if proxy.Contains(address) {
			return true
		}
	}
	return false
}
