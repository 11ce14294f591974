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
	traitRepeated                    // data came again, with the same bytes or others, or late
	traitStuck                       // a segment or a hole that stayed for long, or a segment held back
	traitECN                         // both ends agreed on ECN
	traitQuiet                       // an end closed after a silence
	traitRefused                     // data arrived and was thrown away, for its timestamps or checksum
	traitSACK                        // SACK blocks
	traitBulk                        // an end's round trips were measured often enough to tell how they vary
	traitGaveUp                      // the opener closed while its request had no answer
	traitNone                        // that no record has: of detectors that read something else
)

func (s *traits) add(t traits, has bool) {
	if has {
		*s |= t
	}
}

// traitsOf finds a record's traits.
func traitsOf(r *record.Record) (s traits) {
	a, b := &r.Ends[record.Orig], &r.Ends[record.Resp]
	x, y := &r.Path[record.Orig], &r.Path[record.Resp]
	f, c := &r.Open, &r.Close
	s.add(traitFailed, f.Kind != record.OpenHandshake && f.Kind != record.OpenMidstream && f.Kind != record.OpenSimultaneous)
	s.add(traitHeldUp, f.NSYNsAgain|f.NSYNACKsAgain|f.ACKsIgnored != 0 || f.SYNAnswered || f.RefusedFirst || OldAnswered(r) || f.RivalAgain != 0)
	s.add(traitSilent, a.Packets == 0 || b.Packets == 0 || b.SeenBytes == 0)
	s.add(traitUnclosed, c.Kind != record.CloseNormal && c.Kind != record.CloseNeverOpened || x.FINsAcked|y.FINsAcked != 0)
	s.add(traitLingered, c.HalfClose.V >= finTimeout)
	s.add(traitReset, c.ResetBy != record.NoEnd || c.ResetTime.OK || c.RSTsIgnored > 0)
	s.add(traitQuiet, c.Quiet.V >= raceQuiet)
	s.add(traitProbed, r.Keepalive[record.Orig].Probes|r.Keepalive[record.Resp].Probes != 0 || r.KeepaliveOutcome != record.KeepaliveNone)
	s.add(traitIdle, r.Idle.Outcome != record.IdleAnswered || r.Idle.Longest.OK)
	s.add(traitWindow, a.ZeroWindows|b.ZeroWindows|a.SillyWindows|b.SillyWindows != 0)
	s.add(traitLong, paced(a) >= second || paced(b) >= second)
	s.add(traitRepeated, a.Retx|b.Retx|a.OutOfOrder|b.OutOfOrder|a.Conflicts|b.Conflicts|a.Strange|b.Strange != 0)
	s.add(traitStuck, x.Stuck.Times|y.Stuck.Times|x.Nagle.N|y.Nagle.N != 0 || x.Waited|y.Waited != 0 || x.Hole|y.Hole != 0 || max(x.UnackedTimes, y.UnackedTimes) > triesToFail)
	s.add(traitRefused, a.PAWSRefused|b.PAWSRefused|a.BadChecksums|b.BadChecksums != 0)
	s.add(traitSACK, a.SACKBlocks|b.SACKBlocks != 0)
	s.add(traitBulk, max(a.RTT.N, b.RTT.N) >= queueSamples)
	s.add(traitECN, a.ECN.V && b.ECN.V)
	s.add(traitGaveUp, r.Exchanges.Left.OK)
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
