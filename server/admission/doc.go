// Package admission decides which requests are worked on now (R36). A Queue has a fixed number of places. Who finds none waits in a lane,
// and free places go round the lanes in turn, one each: whoever sends thousands of requests at once waits behind their own, and not the
// others behind them. Because only so many handlers run at once, their memory is bounded too, however many connections there are.
//
// The lane is the tenant where the request has credentials that were good before, and otherwise the address: so wrong secrets stand in the
// lane of whoever sends them, and nobody gets many lanes by making up names.
//
// It knows nothing of HTTP, of credentials or of the other packages of the server, and imports nothing of this module.
package admission
