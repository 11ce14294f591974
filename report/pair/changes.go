package pair

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// Change is something that the way between the places changed in a connection.
type Change uint8

// Changes of a connection; those of single segments are counted in a Flow.
const (
	ChangedClientAddr Change = iota
	ChangedClientPort
	ChangedServerAddr
	ChangedServerPort
	ChangedClientISN
	ChangedServerISN
	ChangedClientMSS // in the client's SYN, and so what the server may send
	ChangedServerMSS
	ChangedWindowScale
	DroppedSACK
	DroppedTimestamps
	ChangedOtherOptions
	SpoiledChecksums // of data: right where it was sent, or not told, and wrong where it comes
	ClearedSYNECN    // ECE or CWR of a SYN: ECN is not set up (RFC 3168 section 6.1.1)
	ClearedSYNACKECN // ECE of a SYN/ACK
	SetSYNECN        // ECE or CWR of either

	NChanges
)

// String is the change in the words of tables.
func (c Change) String() string {
	return [NChanges]string{"the client's address", "the client's port", "the server's address", "the server's port",
		"the client's initial sequence number", "the server's initial sequence number", "the MSS in the client's SYN", "the MSS in the server's SYN/ACK",
		"window scaling", "SACK permitted", "timestamps", "other TCP options", "the TCP checksum of data",
		"the ECN bits of the client's SYN (ECE, CWR: cleared)", "the ECN bit of the server's SYN/ACK (ECE: cleared)", "the ECN bits of SYNs (ECE, CWR: set)"}[c]
}

// Name is the change as JSON Lines name it.
func (c Change) Name() string {
	return [NChanges]string{"client_addr", "client_port", "server_addr", "server_port", "client_isn", "server_isn", "client_mss", "server_mss",
		"window_scale", "sack_permitted", "timestamps", "other_options", "checksum",
		"syn_ecn_cleared", "syn_ack_ecn_cleared", "syn_ecn_set"}[c]
}

// Changes is a set of them.
type Changes uint32

// Has reports whether something was changed.
func (s Changes) Has(c Change) bool { return s>>c&1 != 0 }

func (s *Changes) set(c Change, changed bool) {
	if changed {
		*s |= 1 << c
	}
}

// changes compares what two places know of a connection.
func changes(p *Pair) (s Changes) {
	client, server := p.endAt(record.Orig), p.endAt(record.Resp)
	s.set(ChangedClientAddr, p.A.Orig.Addr != p.B.end(client).Addr)
	s.set(ChangedClientPort, p.A.Orig.Port != p.B.end(client).Port)
	s.set(ChangedServerAddr, p.A.Resp.Addr != p.B.end(server).Addr)
	s.set(ChangedServerPort, p.A.Resp.Port != p.B.end(server).Port)
	if p.Rung == ByProxy {
		return s
	}
	s.set(ChangedClientISN, differ(p.A.ISN[record.Orig], p.B.ISN[client]))
	s.set(ChangedServerISN, differ(p.A.ISN[record.Resp], p.B.ISN[server]))
	for e := record.Orig; e <= record.Resp; e++ {
		a, b := &p.A.Offers[e], &p.B.Offers[p.endAt(e)]
		if !a.Seen || !b.Seen {
			continue
		}
		s.set(ChangedClientMSS+Change(e), a.MSS != b.MSS)
		s.set(ChangedWindowScale, a.WScale != b.WScale)
		changed := a.Options ^ b.Options
		s.set(DroppedSACK, changed&capture.OptSACKPermitted != 0)
		s.set(DroppedTimestamps, changed&capture.OptTimestamps != 0)
		s.set(ChangedOtherOptions, changed&^(capture.OptMSS|capture.OptWScale|capture.OptSACKPermitted|capture.OptTimestamps|capture.OptSACK) != 0)
	}
	a, b := &p.A.BadSums, &p.B.BadSums
	s.set(SpoiledChecksums, b[client] > 0 && a[record.Orig] == 0 || a[record.Resp] > 0 && b[server] == 0)
	return s
}

func differ(a, b record.Opt[uint32]) bool { return a.OK && b.OK && a.V != b.V }

// endOfMSS is the end in whose SYN or SYN/ACK an MSS was changed.
func endOfMSS(c Change) record.End { return record.End(c - ChangedClientMSS) }

// offeredECN compares what records say of ECN in SYNs. A SYN that was sent again is left out: the
// repeat of one that got no answer may offer none (RFC 3168 section 6.1.1.1), and which of them came is not known.
func (s *Changes) offeredECN(p *Pair) {
	if p.A.syns > 1 || p.B.syns > 1 || p.Rung == ByProxy {
		return
	}
	for e, cleared := range [...]Change{ClearedSYNECN, ClearedSYNACKECN} {
		sent, came := &p.A.Offers[e], &p.B.Offers[p.endAt(record.End(e))]
		if record.End(e) == record.Resp {
			sent, came = came, sent
		}
		if sent.Seen && came.Seen {
			s.set(cleared, sent.ECN && !came.ECN)
			s.set(SetSYNECN, !sent.ECN && came.ECN)
		}
	}
}

// segmentsECN notes which SYNs came with other ECN bits than they were sent with.
func (s *Changes) segmentsECN(f *Flow) {
	s.set(ClearedSYNECN, f.SYNsCleared > 0)
	s.set(ClearedSYNACKECN, f.SYNACKsCleared > 0)
	s.set(SetSYNECN, f.SYNsSet > 0)
}
