package diagnose

import (
	"fmt"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// A NAT or proxy beside a client may end TCP itself and open connections of its own to the servers
// (the user-mode network of a virtual machine, a transparent proxy). Then what acknowledges is near,
// whatever the server, while SYN/ACK and answers take the way to each: a client all of whose
// connections look so stands behind one, and what comes "from the servers" comes from there.

const (
	proxiedLeast = 5                // connections that look so; for each that does not there must be ten
	serversLeast = 3                // hosts that they go to
	farLeast     = 10 * millisecond // a handshake that tells near from far
	nearShare    = 10               // so many times sooner data is acknowledged than the SYN
)

// acknowledgedNear tells whether a connection's data was acknowledged from near while its SYN/ACK and
// first answer came from far; known is false where it does not show.
func acknowledgedNear(r *record.Record) (near, known bool) {
	half, x, t := r.Open.Resp, &r.Exchanges, &r.Ends[record.Orig].RTT
	if !half.OK || half.V < farLeast || r.Open.NSYNsAgain > 0 || x.Timed == 0 || x.Repeated > 0 || t.N == 0 || t.Source == record.RTTHandshake || r.Capture.Tap == record.TapResp {
		return false, false
	}
	if 4*x.First < 3*half.V {
		return false, true // it answered sooner than it opened
	}
	near = nearShare*t.P50 <= half.V
	return near, near || 2*t.P50 >= half.V
}

// proxied tells that a client's connections end in a NAT or proxy beside it.
func (x *starts) proxied() bool {
	return x != nil && x.near >= proxiedLeast && x.near >= 10*x.far && x.servers.Count() >= serversLeast
}

// proxied tells that all hosts of a list stand behind such a thing, as far as the list goes.
func (c *Context) proxied(s *sources) bool {
	if c.systems == nil || len(s.known) == 0 || s.all.Count() > uint64(len(s.known)) {
		return false
	}
	for _, x := range s.known {
		if !c.systems.kept.Find(hostKey(x.Addr)).proxied() {
			return false
		}
	}
	return true
}

// besideClient tells of what answers from far and acknowledges from near.
const besideClient = "while SYN/ACKs and answers come from far: something beside it (a NAT or proxy that ends TCP) stands for every server"

// slowProxy tells in a finding about an opening that took long that something beside the client stands for the servers: it
// answers when its own connection to the server is open.
func (f *Finding) slowProxy() {
	f.causes = []Cause{onPath("the way from the NAT or proxy beside the client to this server is long, or lost a SYN"), onHost("the server's host is overloaded, or sleeps to save power")}
	f.Advice = []string{"Capture behind that NAT or proxy (on the host of a virtual machine): the server's half of the handshake shows there."}
}

// behindProxy tells in a finding about what servers sent to a client that something beside it stands for
// them.
func (f *Finding) behindProxy(client capture.Addr) {
	f.Confidence = Possible
	f.Explanation += fmt.Sprintf(" Data of %s is acknowledged from near, whatever the server, %s and sent this.", client, besideClient)
	f.lead(onPath("the NAT or proxy beside the client passes on what came of its own connection to the server: that one ended or failed"), "data is acknowledged from near and answered from far")
	f.Advice = []string{"Capture behind that NAT or proxy (on the host of a virtual machine): there the servers' own segments show."}
}
