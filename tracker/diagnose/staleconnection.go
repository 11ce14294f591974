package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func staleConnection() Detector {
	return Detector{
		Name: "stale-connection", Group: GroupOpen, needs: traitHeldUp,
		Doc: `An older connection on the same addresses and ports answers a new SYN.

Rule: an end that still holds the older connection must not take a SYN; it
answers with a challenge ACK (RFC 5961 section 4), the client that no longer
knows it replies with a RST, and only then the SYN, sent again, opens the new
one. So the client crashed or restarted, or its side was forgotten by a NAT or
firewall, while the other end never heard of it; or it had closed, and the program at the
other end left the connection in CLOSE-WAIT. Where the older connection was not captured it
is only likely.

A TIME-WAIT that answers is the finding reuse-refused.`,
		New: func(*Options) Fold { return newFold(addStale, tellStale) },
	}
}

// stale sums up handshakes that an older connection held up.
type stale struct {
	delays
	opened    uint64    // in the end
	closeWait uint64    // those whose older connection was in CLOSE-WAIT
	unseen    uint64    // those whose older connection was not captured
	olds      explained // ids of the older ones that were captured
}

// Fields walks over what is summed up.
func (d *stale) Fields(w *fold.Walk) {
	d.delays.Fields(w)
	fold.Sum(w, &d.opened, &d.closeWait, &d.unseen)
	fold.Packets(w, &d.olds)
}

func addStale(s *subjects[stale, *stale], r *record.Record) {
	if !OldAnswered(r) || r.Open.OldState == record.TimeWait || !r.Open.OldReset || collided(r) {
		return
	}
	d := s.At(listener(r.Resp))
	if r.Open.Kind == record.OpenHandshake {
		d.opened++
		d.lost(r, r.Evidence.OldAnswer, heldUp(r))
	} else {
		d.lost(r, r.Evidence.OldAnswer, 0)
	}
	if r.Open.OldConn == 0 {
		d.unseen++
		return
	}
	d.olds.Take(r.Open.OldConn)
	if r.Open.OldState == record.CloseWait {
		d.closeWait++
	}
}

// leftInCloseWait is why a server may hold what its client closed in order.
func leftInCloseWait() Cause {
	return app("the program at the server does not close its end (CLOSE-WAIT); the client's system has dropped its own (FIN-WAIT-2, on Linux after tcp_fin_timeout) and reuses the port")
}

func tellStale(_ *Context, s Subject, d *stale) (Finding, bool) {
	f := Finding{
		Severity: effect{felt: d.longest >= second}.severity(), Confidence: Proven,
		Title: fmt.Sprintf("%s still held %s that %s no longer knew: %s", name(s.A),
			say.Plural(d.n, "connection"), d.sources.who(), d.outcome()),
		Explanation: "A challenge ACK answered the new SYN: the older connection on the same addresses and ports was alive at the server (RFC 5961 section 4.2).",
		causes:      []Cause{onHost("the client crashed or restarted and comes back with the same port"), onPath("a NAT or firewall dropped its state and reuses the port")},
		Advice: []string{
			fmt.Sprintf("On %s: `ss -tano '( sport = :%d )'` shows whether keepalive runs, which finds such ends.", s.A.Addr, s.A.Port),
			"Let the service set SO_KEEPALIVE: `sysctl net.ipv4.tcp_keepalive_time` is 2 hours by default.",
		},
	}
	if d.unseen == 0 {
		f.owing = d.olds
	}
	if d.closeWait == d.n {
		f.Title = fmt.Sprintf("%s still held %s in CLOSE-WAIT that %s had closed: %s", name(s.A), say.Plural(d.n, "connection"), d.sources.who(), d.outcome())
		f.causes = []Cause{leftInCloseWait()}
		f.Advice = []string{
			fmt.Sprintf("On %s: `ss -tanp state close-wait '( sport = :%d )'` lists them and the process that holds them.", s.A.Addr, s.A.Port),
			"Mend that program: it must close when it reads the end.",
		}
	} else if d.closeWait > 0 {
		f.lead(leftInCloseWait(), fmt.Sprintf("%s of %s waited in CLOSE-WAIT", say.Thousands(d.closeWait), say.Thousands(d.n)))
		f.Explanation += fmt.Sprintf(" %s of %s waited in CLOSE-WAIT: the program there did not close its end.", say.Thousands(d.closeWait), say.Thousands(d.n))
	}
	if d.unseen > 0 {
		f.Confidence = Likely
		if d.closeWait == 0 {
			f.causes = append(f.causes, leftInCloseWait())
		}
		f.Explanation += fmt.Sprintf(" Of %s the older connection was not captured: it may have been a TIME-WAIT that answered (RFC 9293 section 3.10.7.4).", say.Plural(d.unseen, "new one"))
	}
	return f, true
}

// outcome says what came of the new connections.
func (d *stale) outcome() string {
	switch {
	case d.opened == d.n:
		return d.cost() + " before the new one opened"
	case d.opened == 0:
		return "none of the new ones opened in the capture"
	}
	return say.Thousands(d.opened) + " of the new ones opened in the capture"
}

// OldAnswered tells that an older connection on the same endpoints answered the
// SYN, whether the capture has it or not.
func OldAnswered(r *record.Record) bool { return r.Open.OldConn != 0 || r.Open.OldUnseen }
