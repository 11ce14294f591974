package diagnose

import (
	"tcpwatch/tracker/record"
)

// traits are what a record has that one without trouble lacks, a bit each. A
// Set looks for them once, so that it need not ask all detectors about every
// connection: that took 0.25 us for each.
type traits uint32

const (
	traitFailed   traits = 1 << iota // it did not open
	traitHeldUp                      // its handshake took more than a SYN, a SYN/ACK and an ACK
	traitSilent                      // an end sent nothing, or the responder no data
	traitUnclosed                    // it did not close in order, or the last FIN came again and again
	traitLingered                    // its second FIN came late
	traitReset                       // a RST came
	traitProbed                      // keepalive probes
	traitIdle                        // long rests
	traitWindow                      // an end closed its window, or offered crumbs
	traitLong                        // an end sent data for a second or more
	traitRepeated                    // data came again, or late
	traitStuck                       // a segment or a hole that stayed for long, or a segment held back
	traitECN                         // both ends agreed on ECN
	traitQuiet                       // an end closed after a silence
	traitRefused                     // data arrived and was thrown away, for its timestamps or checksum
	traitSACK                        // SACK blocks
	traitBulk                        // an end's round trips were measured often enough to tell how they vary
	traitNone                        // that no record has: of detectors that read something else
)

// traitsOf finds a record's traits.
func traitsOf(r *record.Record) (s traits) {
	a, b := &r.Ends[record.Orig], &r.Ends[record.Resp]
	x, y := &r.Path[record.Orig], &r.Path[record.Resp]
	f, c := &r.Open, &r.Close
	if k := r.Open.Kind; k != record.OpenHandshake && k != record.OpenMidstream && k != record.OpenSimultaneous {
		s |= traitFailed
	}
	if f.NSYNsAgain|f.NSYNACKsAgain|f.ACKsIgnored != 0 || f.SYNAnswered || f.RefusedFirst || OldAnswered(r) || f.RivalAgain != 0 {
		s |= traitHeldUp
	}
	if a.Packets == 0 || b.Packets == 0 || b.SeenBytes == 0 {
		s |= traitSilent
	}
	if c.Kind != record.CloseNormal && c.Kind != record.CloseNeverOpened || x.FINsAcked|y.FINsAcked != 0 {
		s |= traitUnclosed
	}
	if c.HalfClose.V >= finTimeout {
		s |= traitLingered
	}
	if c.ResetBy != record.NoEnd || c.ResetTime.OK || c.RSTsIgnored > 0 {
		s |= traitReset
	}
	if c.Quiet.V >= raceQuiet {
		s |= traitQuiet
	}
	if r.Keepalive[record.Orig].Probes|r.Keepalive[record.Resp].Probes != 0 || r.KeepaliveOutcome != record.KeepaliveNone {
		s |= traitProbed
	}
	if r.Idle.Outcome != record.IdleAnswered || r.Idle.Longest.OK {
		s |= traitIdle
	}
	if a.ZeroWindows|b.ZeroWindows|a.SillyWindows|b.SillyWindows != 0 {
		s |= traitWindow
	}
	if paced(a) >= second || paced(b) >= second {
		s |= traitLong
	}
	if a.Retx|b.Retx|a.OutOfOrder|b.OutOfOrder != 0 {
		s |= traitRepeated
	}
	if x.Stuck.Times|y.Stuck.Times|x.Nagle.N|y.Nagle.N != 0 || x.Waited|y.Waited != 0 {
		s |= traitStuck
	}
	if a.PAWSRefused|b.PAWSRefused|a.BadChecksums|b.BadChecksums != 0 {
		s |= traitRefused
	}
	if a.SACKBlocks|b.SACKBlocks != 0 {
		s |= traitSACK
	}
	if max(a.RTT.N, b.RTT.N) >= queueSamples {
		s |= traitBulk
	}
	if a.ECN.V && b.ECN.V {
		s |= traitECN
	}
	return s
}

// needsWith are the detector's needs under some thresholds. One of 0 may be
// reached by what has no trait at all.
func (d *Detector) needsWith(o *Options) traits {
	for _, t := range d.Thresholds() {
		if o.value(t) == 0 && d.needs != traitNone {
			return 0
		}
	}
	return d.needs
}
