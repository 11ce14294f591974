package schema

import (
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// Reason is something about the capture for which fields of a record can't be
// known and are absent, or mean less than they say.
type Reason uint8

// Reasons, in the order of capture.unknown.
const (
	OneWay Reason = iota
	Midstream
	SYNUnseen
	ScaleUnseen
	Truncated
	Offload
	Duplicates
	Missing
	WentBack
	Untimed
	GivenUp
	NReasons
)

// String is the word that the record has for it.
func (r Reason) String() string {
	return [...]string{"one-way", "midstream", "syn-unseen", "window-scale", "truncated", "offload", "duplicates",
		"missing-bytes", "time-went-back", "no-time", "given-up"}[r]
}

// Reasons is a set of them.
type Reasons uint16

// Has reports whether r is in the set.
func (s Reasons) Has(r Reason) bool { return s&(1<<r) != 0 }

// Unknown says of a reason what it makes unknowable.
type Unknown struct {
	Label string                        // a word for the headline of the tables
	What  string                        // what is not known
	Why   string                        // because of what
	More  string                        // what is not known besides, where other reasons follow from this one
	short func(r *record.Record) string // why, with its number, for one connection; nil without one
}

// Unknowns is the list of what is not known and why, by Reason: the one from which
// docs/record.md, the headline of the tables and the summary of a ladder say so. Which
// fields a reason hides is told at each field.
func Unknowns() [NReasons]Unknown {
	return [NReasons]Unknown{
		OneWay: {Label: "one way",
			What: "what the other end did (its states are a guess), round trips, spurious retransmissions",
			Why:  "only one direction was captured"},
		Midstream: {Label: "midstream",
			What: "connect times, which end opened it", Why: "began before the capture", More: ", windows in bytes, the options of the SYNs"},
		SYNUnseen: {Label: "no SYN",
			What: "the options that a SYN offers", Why: "a SYN was not captured", short: unseenSYN},
		ScaleUnseen: {Label: "no scale",
			What: "windows in bytes", Why: "the SYN was not captured, so neither was its window scale"},
		Truncated: {Label: "cut short",
			What: "names and payload after the cut", Why: "the snaplen cut packets short"},
		Offload: {Label: "offload",
			What: "how many packets were on the wire", Why: "offload: segments longer than on the wire were captured"},
		Duplicates: {Label: "duplicates",
			What: "how many packets were sent, without copies", Why: "packets were captured twice",
			short: func(r *record.Record) string {
				return say.Plural(uint64(r.Capture.Duplicates), "packet") + " captured twice"
			}},
		Missing: {Label: "gaps",
			What: "bytes sent, with retransmissions", Why: "bytes were not captured",
			short: func(r *record.Record) string {
				if spanUnknown(r) {
					return "how many bytes were not captured is known modulo 4 GiB only"
				}
				return say.Bytes(missingBytes(r)) + " not captured"
			}},
		WentBack: {Label: "clock",
			What: "times across that step, connect times if it was in the handshake", Why: "time went back",
			short: func(r *record.Record) string {
				return "time went back " + say.Plural(uint64(r.Capture.TimeWentBack), "time")
			}},
		Untimed: {Label: "no time",
			What: "times and spans", Why: "the file holds no times, or none that can be"},
		GivenUp: {Label: "given up",
			What: "bytes not captured, retransmissions, segments out of order", Why: "more gaps were open at once than the program keeps",
			short: func(r *record.Record) string {
				return say.Bytes(r.Capture.GivenUpBytes) + " in more gaps at once than the program keeps"
			}},
	}
}

// UnknownOf says what is not known of one connection and why, a line a reason.
func UnknownOf(r *record.Record) (lines []string) {
	s := ReasonsOf(r)
	if s.Has(OneWay) {
		s = s.Told() // nothing at all is known of the other end
	}
	for i, u := range Unknowns() {
		if !s.Has(Reason(i)) {
			continue
		}
		why := u.Why
		if u.short != nil {
			why = u.short(r)
		}
		lines = append(lines, u.What+" ("+why+")")
	}
	return lines
}

// ReasonsOf tells the reasons that apply to a connection.
func ReasonsOf(r *record.Record) Reasons { return reasonsFor(r, flawsOf(r)) }

// reasonsFor are those of a connection whose flaws are known, and what hides no field.
func reasonsFor(r *record.Record, flaws flaw) (s Reasons) {
	for e := record.Orig; e <= record.Resp; e++ {
		if r.Ends[e].Packets == 0 {
			flaws &^= gapsOf(e) // an end that was not seen at all has no gaps
		}
	}
	for ; flaws != 0; flaws &= flaws - 1 {
		s |= 1 << (flaws & -flaws).reason()
	}
	c := &r.Capture
	if c.Truncated {
		s |= 1 << Truncated
	}
	if c.Offload {
		s |= 1 << Offload
	}
	if c.Duplicates > 0 {
		s |= 1 << Duplicates
	}
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

// Told is the set without those that follow from another one, for people.
func (s Reasons) Told() Reasons {
	if s.Has(OneWay) || s.Has(Midstream) {
		return s &^ (1<<SYNUnseen | 1<<ScaleUnseen)
	}
	return s
}

// appendWords appends the words of the set, each between quotes, with sep
// between them.
func (s Reasons) appendWords(b []byte, quote, sep string) []byte {
	first := true
	for r := range NReasons {
		if !s.Has(r) {
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
