package report

import (
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// reason is something about the capture for which fields of a record can't be
// known and are absent.
type reason uint8

const (
	reasonOneWay reason = iota
	reasonMidstream
	reasonSYN
	reasonScale
	reasonTruncated
	reasonOffload
	reasonDuplicates
	reasonMissing
	reasonClock
	reasonUntimed
	reasonGivenUp
	nReasons
)

// String is the word that the record has for it.
func (r reason) String() string {
	return [...]string{"one-way", "midstream", "syn-unseen", "window-scale", "truncated", "offload", "duplicates",
		"missing-bytes", "time-went-back", "no-time", "given-up"}[r]
}

// reasons is a set of them.
type reasons uint16

func (s reasons) has(r reason) bool { return s&(1<<r) != 0 }

// unknown is a reason with what it makes unknowable: the one table from which
// the record, the headline of the tables and the summary of a ladder say so.
type unknown struct {
	label string // in the headline
	// fields are those that may be absent for it. "DARK" is the end that was
	// not captured, "SEEN" the other one, "END" either; "*" is any rest.
	fields string
	what   string                        // what is not known
	why    string                        // because of what
	more   string                        // what is not known besides, where other reasons follow from this one
	short  func(r *record.Record) string // why, with its number, for one connection; nil without one
}

func unknowns() [nReasons]unknown {
	return [nReasons]unknown{
		reasonOneWay: {label: "one way",
			fields: "DARK.* SEEN.retx_spurious SEEN.dsacks SEEN.rtt_* SEEN.sender_limited_s keepalive.SEEN.answered keepalive.SEEN.unanswered " +
				"open.felt_s open.resp_s open.orig_s open.syns open.syn_acks open.answer close.fins_DARK close.rsts_DARK exchanges.* capture.tap",
			what: "what the other end did (its states are a guess), round trips, what was sent again in vain",
			why:  "only one direction was captured"},
		reasonMidstream: {label: "midstream",
			fields: "open.* END.first_byte_s close.first close.kind orig_state resp_state capture.tap",
			what:   "connect times, which end opened it", why: "begun before the capture", more: ", windows in bytes, the options of the SYNs"},
		reasonSYN: {label: "no SYN",
			fields: "END.mss END.wscale END.sack END.timestamps END.ecn open.resp_s open.orig_s open.answer capture.tap",
			what:   "the options that a SYN offers", why: "a SYN was not captured", short: unseenSYN},
		reasonScale: {label: "no scale",
			fields: "END.silly_windows END.window_full END.network_limited_s END.window_limited_s",
			what:   "windows in bytes", why: "the SYN was not captured, so neither was its window scale"},
		reasonTruncated: {label: "cut short",
			what: "names and payload behind the cut", why: "the snaplen cut packets short"},
		reasonOffload: {label: "offload",
			what: "how many packets the wire carried", why: "segments longer than any on the wire were captured (offload)"},
		reasonDuplicates: {label: "duplicates",
			what: "how many packets were sent, copies left out", why: "packets were captured twice",
			short: func(r *record.Record) string {
				return say.Plural(uint64(r.Capture.Duplicates), "packet") + " captured twice"
			}},
		reasonMissing: {label: "gaps", fields: "END.bytes END.missing_bytes capture.missing_bytes END.wire_bytes END.first_byte_s exchanges.*",
			what: "how much was sent with all repeats", why: "bytes were not captured",
			short: func(r *record.Record) string {
				if spanUnknown(r) {
					return "how many bytes were not captured is known modulo 4 GiB only"
				}
				return say.Bytes(missingBytes(r)) + " not captured"
			}},
		reasonGivenUp: {label: "given up",
			what: "whether what filled them was captured, and what was sent again of it", why: "more gaps were open at once than are remembered",
			short: func(r *record.Record) string {
				return say.Bytes(r.Capture.GivenUpBytes) + " in more gaps at once than are remembered"
			}},
		reasonClock: {label: "clock",
			fields: "open.felt_s open.last_syn_s open.resp_s open.orig_s END.first_byte_s capture.tap",
			what:   "times across it, connect times if it was in the handshake", why: "time went back",
			short: func(r *record.Record) string {
				return "time went back " + say.Plural(uint64(r.Capture.TimeWentBack), "time")
			}},
		reasonUntimed: {label: "no time",
			fields: "start end duration_s open.felt_s open.last_syn_s open.resp_s open.orig_s close.half_close_s time_wait.since time_wait.until " +
				"keepalive.orig.idle_s keepalive.orig.interval_s keepalive.resp.idle_s keepalive.resp.interval_s END.first_byte_s END.rtt_* " +
				"END.reorder_max_s END.zero_window_s END.sender_limited_s END.network_limited_s END.window_limited_s exchanges.* capture.tap",
			what: "times and spans", why: "the file has no time for packets"},
	}
}

// reasonsOf tells the reasons that apply to a connection.
func reasonsOf(r *record.Record) (s reasons) {
	c := &r.Capture
	add := func(why reason, applies bool) {
		if applies {
			s |= 1 << why
		}
	}
	add(reasonOneWay, c.OneWay)
	add(reasonMidstream, c.Midstream)
	add(reasonSYN, c.SYNUnseen[0] || c.SYNUnseen[1])
	add(reasonScale, c.ScaleUnknown)
	add(reasonTruncated, c.Truncated)
	add(reasonOffload, c.Offload)
	add(reasonDuplicates, c.Duplicates > 0)
	add(reasonMissing, missingBytes(r) > 0 || spanUnknown(r))
	add(reasonClock, c.TimeWentBack > 0)
	add(reasonUntimed, c.Untimed > 0)
	add(reasonGivenUp, c.GivenUpBytes > 0)
	return s
}

// spanUnknown reports whether an end skipped more than a window at once.
func spanUnknown(r *record.Record) bool {
	return r.Ends[record.Orig].SpanUnknown || r.Ends[record.Resp].SpanUnknown
}

// missingBytes is how much the capture missed of the ends that it did see.
func missingBytes(r *record.Record) (n uint64) {
	for e := range r.Ends {
		if r.Ends[e].Packets > 0 {
			n += r.Ends[e].MissingBytes
		}
	}
	return n
}

// told is the set without those that follow from another one, for people.
func (s reasons) told() reasons {
	if s.has(reasonOneWay) || s.has(reasonMidstream) {
		return s &^ (1<<reasonSYN | 1<<reasonScale)
	}
	return s
}

// appendWords appends the words of the set, each between quotes, with sep
// between them.
func (s reasons) appendWords(b []byte, quote, sep string) []byte {
	first := true
	for r := range nReasons {
		if !s.has(r) {
			continue
		}
		if !first {
			b = append(b, sep...)
		}
		first = false
		b = append(b, quote...)
		b = append(b, r.String()...)
		b = append(b, quote...)
	}
	return b
}

// unseenSYN says whose SYN was not captured.
func unseenSYN(r *record.Record) string {
	switch c := &r.Capture; {
	case !c.SYNUnseen[record.Resp]:
		return "the SYN of the client was not captured"
	case !c.SYNUnseen[record.Orig]:
		return "the SYN/ACK of the server was not captured"
	}
	return "the SYNs were not captured"
}

// leavesOut reports whether the reason may make a field absent, where dark is
// the end that was not captured.
func (u *unknown) leavesOut(name string, dark record.End) bool {
	for _, f := range strings.Fields(u.fields) {
		for _, end := range [2]record.End{record.Orig, record.Resp} {
			f := strings.NewReplacer("END", end.String(), "DARK", dark.String(), "SEEN", dark.Peer().String()).Replace(f)
			if all, ok := strings.CutSuffix(f, "*"); f == name || ok && strings.HasPrefix(name, all) {
				return true
			}
		}
	}
	return false
}

// unknownSummary says what is not known of one connection and why, a line a
// reason.
func unknownSummary(r *record.Record) (lines []string) {
	s := reasonsOf(r)
	if s.has(reasonOneWay) {
		s = s.told() // nothing at all is known of the other end
	}
	for i, u := range unknowns() {
		if !s.has(reason(i)) {
			continue
		}
		why := u.why
		if u.short != nil {
			why = u.short(r)
		}
		lines = append(lines, u.what+" ("+why+")")
	}
	return lines
}

// writeUnknown says what is left out of how many connections, a line a reason.
func writeUnknown(p *page, s *Summary) {
	for i, u := range unknowns() {
		if n := s.unknown[i]; n > 0 {
			why := ": " + u.why
			if reason(i) == reasonMidstream {
				why = "" // said where the connections are counted
			}
			p.label(u.label, say.Plural(n, "connection")+why+"; left out: "+u.what+u.more)
		}
	}
}
