package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func staleConnection() Detector {
	return Detector{
		Name: "stale-connection", Group: GroupOpen, needs: traitHeldUp,
		Doc: `An older connection on the same addresses and ports answers a new SYN.

Rule: an end that still holds the older connection must not take a SYN; it
answers with a challenge ACK (RFC 5961 section 4), the opener that no longer
knows it replies with a RST, and only then the SYN, sent again, opens the new
one. So the opener crashed or restarted, or its side was forgotten by a NAT or
firewall, while the other end never heard of it.

A TIME-WAIT that answers is the finding reuse-refused.`,
		New: func(*Options) Fold { return newFold(addStale, tellStale) },
	}
}

func addStale(s *subjects[delays, *delays], r *record.Record) {
	if OldAnswered(r) && r.Open.OldState != record.TimeWait && r.Open.OldReset && !collided(r) {
		s.At(listener(r.Resp)).lost(r, r.Evidence.OldAnswer, heldUp(r))
	}
}

func tellStale(_ *Context, s Subject, d *delays) (Finding, bool) {
	f := Finding{
		Severity: effect{felt: d.longest >= second}.severity(), Confidence: Proven,
		Title: fmt.Sprintf("%s still held %s that %s no longer knew: %s before the new one opened", name(s.A),
			say.Plural(d.n, "connection"), d.sources.who(), d.cost()),
		Explanation: "A challenge ACK answered the new SYN: the older connection on the same addresses and ports was alive at the listener (RFC 5961 section 4.2).",
		Causes:      []string{"the opener crashed or restarted and comes back with the same port", "a NAT or firewall dropped its state and gives the port out again"},
		Advice: []string{
			fmt.Sprintf("On %s: `ss -tano '( sport = :%d )'` shows whether keepalive runs, which finds such ends.", s.A.Addr, s.A.Port),
			"Let the service set SO_KEEPALIVE: `sysctl net.ipv4.tcp_keepalive_time` is 2 hours by default.",
		},
	}
	return f, true
}

// OldAnswered tells that an older connection on the same endpoints answered the
// SYN, whether the capture has it or not.
func OldAnswered(r *record.Record) bool { return r.Open.OldConn != 0 || r.Open.OldUnseen }
