package record

// ForgetSpans leaves out what is not known without the times of all packets.
func (r *Record) ForgetSpans() {
	o := &r.Open
	o.ACKIgnored, r.Idle = Opt[int64]{}, IdleRecord{}
	o.Felt, o.LastSYN, o.Resp, o.Orig, o.Waited = Opt[int64]{}, Opt[int64]{}, Opt[int64]{}, Opt[int64]{}, Opt[int64]{}
	r.Close.HalfClose, r.Close.Quiet = Opt[int64]{}, Opt[int64]{}
	for e := range r.Ends {
		x := &r.Ends[e]
		x.RTT, x.FirstByte, x.LastSent, x.Stood, x.TimeIn = RTTRecord{}, Opt[int64]{}, 0, 0, [NStates]Opt[int64]{}
		x.SenderLimited, x.NetworkLimited, x.WindowLimited, x.Sending, x.ReorderMax, x.ZeroWindow = 0, 0, 0, 0, 0, 0
		r.Keepalive[e].Idle, r.Keepalive[e].Interval = Opt[int64]{}, Opt[int64]{}
		r.Path[e].Doubled = 0
		r.Evidence.Ends[e].DataTime, r.Evidence.Ends[e].RepeatTime = 0, 0
	}
	r.Exchanges = ExchangesRecord{N: r.Exchanges.N}
	r.Capture.Tap = TapUnknown
}

// Stamp is what the capture's clock showed at a time of the record: the same but
// for what Capture.Stepped and Capture.Uncovered leave out.
func (r *Record) Stamp(t int64) int64 {
	if t > r.Capture.SteppedAt {
		t += r.Capture.Stepped + r.Capture.Uncovered
	}
	return t
}

// LastAt is the time of the last packet, where it has one.
func (r *Record) LastAt() Opt[int64] {
	switch c := &r.Capture; {
	case c.Untimed == 0:
		return Some(r.Stamp(r.End))
	case c.Endless:
		return Opt[int64]{}
	default:
		return Some(c.LastTimed)
	}
}

// Lasted is how long the connection lasted, in nanoseconds, by the clock that was not
// stepped, where its first packet and its last have a time, and these are less than the
// 292 years apart that an int64 holds.
func (r *Record) Lasted() Opt[int64] {
	c := &r.Capture
	lasted := r.End - r.Start + c.Uncovered
	if c.Untimed > 0 {
		lasted = c.LastTimed - r.Start
	}
	return Opt[int64]{lasted, !c.Startless && !c.Endless && lasted >= 0}
}

// Began is the time of the first packet, where it has one.
func (r *Record) Began() Opt[int64] { return Opt[int64]{r.Start, !r.Capture.Startless} }
