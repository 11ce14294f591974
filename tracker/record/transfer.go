package record

// Transfer is what the data of one end came to: how much it was, how long it took, and
// what its pace depended on. What can't be known is absent.
//
// The limits are those of Siekkinen, Urvoy-Keller, Biersack and Collange, "A root cause
// analysis toolkit for TCP" (Computer Networks, 2008): time in which the application had
// nothing to send is told apart first, then that in which the receiver's window was used
// up; what is left, the network carried what it could.
type Transfer struct {
	Bytes   Opt[uint64] // each once, those too that were not captured
	Time    Opt[int64]  // ns from its first data until all that it sent was acknowledged, or the last packet
	Sender  Opt[int64]  // of that, ns with nothing to send
	Window  Opt[int64]  // with the other end's window used up
	Network Opt[int64]  // with data under way and room in the window
	// RoundTrip is the shortest between the two ends, ns: what both sides of the tap took.
	// RoundTripP95 is the 95th percentile where the data went, and the shortest of the other side.
	RoundTrip, RoundTripP95 Opt[int64]
	Lost                    Opt[uint64] // segments that had to be sent again
	Segments                uint64      // with data that the end sent, repeats too
	Used                    Opt[uint64] // the largest window of the other end that it used up, bytes; unknown where it never did
}

// Transfer is that of an end; false where it sent no data.
func (r *Record) Transfer(e End) (t Transfer, ok bool) {
	x, c := &r.Ends[e], &r.Capture
	if x.WireBytes == 0 && x.Bytes.V == 0 {
		return t, false
	}
	t.Bytes, t.Segments = x.Bytes, uint64(x.DataSegments)
	if c.GivenUpBytes == 0 {
		t.Lost = Some(lost(x, r.Path[e].Doubled))
	}
	if c.OneWay || c.Untimed > 0 {
		return t, true
	}
	t.RoundTrip, t.RoundTripP95 = r.roundTrip(e)
	if x.Sending > 0 {
		after := x.SenderLimited + x.NetworkLimited + x.WindowLimited - x.Sending
		t.Time, t.Sender = Some(x.Sending), Some(max(0, x.SenderLimited-after))
		if !c.ScaleUnknown {
			t.Window, t.Network = Some(x.WindowLimited), Some(x.NetworkLimited)
		}
	}
	t.Used = Opt[uint64]{uint64(x.WindowUsed), x.WindowUsed > 0 && !c.ScaleUnknown}
	return t, true
}

// lost is how many of an end's segments had to be sent again: those lost on either side of
// the tap, but no more than were repeated for a reason.
func lost(x *EndRecord, hasty uint32) uint64 {
	needless := uint64(x.RetxSpurious) + uint64(x.RetxRefused) + uint64(hasty)
	return min(uint64(x.LostBeforeTap)+uint64(x.LostAfterTap), uint64(x.Retx)-min(uint64(x.Retx), needless))
}

// roundTrip is the shortest time from an end to the other and back, and the 95th
// percentile, where both sides of the tap are known, or the tap stands near the end.
func (r *Record) roundTrip(e End) (least, p95 Opt[int64]) {
	there, thereOK := r.side(e)
	back, backOK := r.side(e.Peer())
	near := TapOrig
	if e == Resp {
		near = TapResp
	}
	if !thereOK || !backOK && r.Capture.Tap != near {
		return least, p95
	}
	return Some(there + back), Some(max(r.Ends[e].RTT.P95, there) + back)
}

// side is the shortest time from the tap to the other end of e and back.
func (r *Record) side(e End) (ns int64, known bool) {
	half := r.Open.Resp
	if e == Resp {
		half = r.Open.Orig
	}
	switch x := &r.Ends[e].RTT; {
	case x.N == 0:
		return half.V, half.OK
	case half.OK:
		return min(x.Min, half.V), true
	default:
		return x.Min, true
	}
}

// Rate is how fast the data went, bits per second. What was acknowledged within a round
// trip has none: it went in one flight, seen near its receiver.
func (t *Transfer) Rate() Opt[uint64] {
	if t.RoundTrip.OK && t.Time.V < t.RoundTrip.V {
		return Opt[uint64]{}
	}
	return rate(t.Bytes, t.Time)
}

// Ceiling is how fast the largest window that was used up lets data go, bits per second:
// one window in each round trip.
func (t *Transfer) Ceiling() Opt[uint64] { return rate(t.Used, t.RoundTrip) }

// rate is bytes over time, bits per second.
func rate(bytes Opt[uint64], ns Opt[int64]) Opt[uint64] {
	if !bytes.OK || !ns.OK || ns.V <= 0 {
		return Opt[uint64]{}
	}
	return Some(uint64(float64(bytes.V)*8e9/float64(ns.V) + 0.5))
}

// Limit is what the pace of a transfer depends on.
type Limit uint8

// Limits, in the order in which they are told apart.
const (
	NoLimit      Limit = iota // none for half of the time, or it is not known
	SenderLimit               // the sending application
	WindowLimit               // the receiver's window
	NetworkLimit              // the network
	NLimits
)

// Most is what held the transfer up for at least half of its time.
func (t *Transfer) Most() Limit {
	if t.Time.OK {
		for i, x := range [...]Opt[int64]{t.Sender, t.Window, t.Network} {
			if x.OK && 2*x.V >= t.Time.V {
				return SenderLimit + Limit(i)
			}
		}
	}
	return NoLimit
}
