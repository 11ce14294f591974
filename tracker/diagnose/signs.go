package diagnose

import (
	"tcpwatch/tracker/record"
)

// signs are what a record has that one without trouble lacks, a bit each. A
// Set looks for them once, so that it need not ask all detectors about every
// connection: that took 0.25 us for each.
type signs uint16

const (
	signFailed   signs = 1 << iota // it did not open
	signHeldUp                     // its handshake took more than a SYN, a SYN/ACK and an ACK
	signSilent                     // an end sent nothing, or the responder no data
	signUnclosed                   // it did not close in order, or the last FIN came again and again
	signLingered                   // its second FIN came late
	signReset                      // a RST came
	signProbed                     // keepalive probes
	signRested                     // long rests
	signFull                       // an end closed its window, or offered crumbs
	signLong                       // an end sent data for a second or more
	signRepeated                   // data came again, or late
	signStrained                   // a segment or a hole that stayed for long, or a segment held back
	signECN                        // both ends agreed on ECN
	signNone                       // that no record has: of detectors that read something else
)

// signsOf looks for signs.
func signsOf(r *record.Record) (s signs) {
	a, b := &r.Ends[record.Orig], &r.Ends[record.Resp]
	x, y := &r.Path[record.Orig], &r.Path[record.Resp]
	f, c := &r.Open, &r.Close
	if k := r.Open.Kind; k != record.OpenHandshake && k != record.OpenMidstream && k != record.OpenSimultaneous {
		s |= signFailed
	}
	if f.NSYNsAgain|f.NSYNACKsAgain|f.ACKsIgnored != 0 || f.SYNAnswered || f.RefusedFirst || oldAnswered(r) {
		s |= signHeldUp
	}
	if a.Packets == 0 || b.Packets == 0 || b.SeenBytes == 0 {
		s |= signSilent
	}
	if c.Kind != record.CloseNormal && c.Kind != record.CloseNeverOpened || x.FINsAcked|y.FINsAcked != 0 {
		s |= signUnclosed
	}
	if c.HalfClose.V >= finTimeout {
		s |= signLingered
	}
	if c.ResetBy != record.NoEnd || c.ResetTime.OK || c.RSTsIgnored > 0 {
		s |= signReset
	}
	if r.Keepalive[record.Orig].Probes|r.Keepalive[record.Resp].Probes != 0 || r.KeepaliveOutcome != "" {
		s |= signProbed
	}
	if r.Idle.Outcome != "" || r.Idle.Longest.OK {
		s |= signRested
	}
	if a.ZeroWindows|b.ZeroWindows|a.SillyWindows|b.SillyWindows != 0 {
		s |= signFull
	}
	if paced(a) >= second || paced(b) >= second {
		s |= signLong
	}
	if a.Retx|b.Retx|a.OutOfOrder|b.OutOfOrder != 0 {
		s |= signRepeated
	}
	if x.Stuck.Times|y.Stuck.Times|x.Nagle.N|y.Nagle.N != 0 || x.Waited|y.Waited != 0 {
		s |= signStrained
	}
	if a.ECN.V && b.ECN.V {
		s |= signECN
	}
	return s
}

// needsWith are the detector's needs under some thresholds. One of 0 may be
// reached by what has no sign at all.
func (d *Detector) needsWith(o *Options) signs {
	for _, t := range d.Thresholds {
		if o.get(t.Name) == 0 && d.needs != signNone {
			return 0
		}
	}
	return d.needs
}
