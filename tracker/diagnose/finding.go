package diagnose

import (
	"cmp"
	"fmt"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
)

// Confidence says how sure it is.
type Confidence uint8

const (
	Possible Confidence = iota // it looks so; other causes look the same
	Likely                     // nothing else is as probable
	Proven                     // the packets leave no other explanation
)

func (c Confidence) String() string { return [...]string{"possible", "likely", "proven"}[c] }

// Finding is one cause of trouble, whatever the number of connections that
// suffer from it. All text is plain: nothing in it came from the wire but
// addresses, ports and numbers.
type Finding struct {
	ID          string // detector and subject: the same in every run over the same packets
	Detector    string
	Group       Group
	Severity    Severity
	Confidence  Confidence
	Title       string   // one sentence without its full stop; names the subject
	Explanation string   // what it means, by which rule
	Causes      []string // what it may come from, in no order but by Order; the only one is as sure as the finding
	Order       string   // the sign in the capture for which the first of several fits best; "" where none orders them
	Advice      []string // sentences; commands in them stand between backquotes
	Subject     Subject
	Count       uint64   // connections
	Open        uint64   // of those, connections that go on: the finding is so far; 0 in a finished input
	Conns       []uint64 // ids of examples, at most 20: of those that showed it first, in that order
	Packets     []uint64 // evidence in those, in order
	Since       int64    // nanoseconds since 1970-01-01 UTC
	Until       int64
	AtLeast     bool      // connections of the subject are missing, because there were too many subjects: numbers are at least these
	lack        fold.Lack // what else may be
	causes      []Cause   // what Causes is written from
	leader      Cause     // the one that Order is about
	facts       []contradiction
	silence     int64        // since when the host that it is about is held to be silent on all of them; 0 for nothing of that kind
	cites       examples     // what Conns and Packets are of
	actor       capture.Addr // the host whose system did what the finding is about, where that is known and one
	made        bool         // a program made the packets of both ends of all its connections
	raw         bool         // of those that opened them
	counted     bool         // by the kernel, not read from connections
	explains    []uint64     // ids of connections whose other troubles this one explains, in order
	owing       []uint64     // ids of other connections, in order, all of which a finding must explain to explain this one
	filter      filtered     // of a listener that acknowledged nothing of one client\'s data; else zero
	also        []string     // titles of findings that it explains
	failing     failing      // of connections that failed, where the severity was read from it alone
	why         string       // the reason that ends the title, where it is at least likely; else "perhaps" stands before it
}

// Examples are what Conns and Packets are of, in the order in which they showed it; of a finding that
// was made otherwise than from records, these without those.
func (f *Finding) Examples() []Example {
	if len(f.cites) > 0 {
		return f.cites
	}
	all := make([]Example, 0, len(f.Conns)+len(f.Packets))
	for _, id := range f.Conns {
		all = append(all, Example{Conn: id})
	}
	for _, packet := range f.Packets {
		all = append(all, Example{Packet: packet})
	}
	return all
}

// PacketsOf are those of Packets that belong to a connection.
func (f *Finding) PacketsOf(conn uint64) (packets []uint64) {
	for _, x := range f.cites {
		if x.Conn == conn && x.Packet != 0 {
			packets = append(packets, x.Packet)
		}
	}
	return packets
}

// compare orders findings as reports print them: what weakens the others
// first, then the worst; of equal severity attacks last, and else what affects the most
// connections, as far as it is sure (see weight); ties by confidence and ID.
func compare(a, b *Finding) int {
	return cmp.Or(
		cmp.Compare(rank(a), rank(b)),
		cmp.Compare(b.Severity, a.Severity),
		cmp.Compare(attacks(a), attacks(b)),
		cmp.Compare(b.weight(), a.weight()),
		cmp.Compare(b.Confidence, a.Confidence),
		cmp.Compare(a.ID, b.ID))
}

// attacks puts what strangers do behind what users feel.
func attacks(f *Finding) int {
	if f.Group == GroupAttack {
		return 1
	}
	return 0
}

// weight is how many connections a finding is about, as far as it is sure: a proven one of one
// connection stands beside a likely one of two and a possible one of four.
func (f *Finding) weight() uint64 { return min(f.Count, 1<<60) << f.Confidence }

// reasoned ends the title with the reason, where there is one.
func (f *Finding) reasoned() {
	switch {
	case f.why == "":
	case f.Confidence == Possible:
		f.Title += ": perhaps " + f.why
	default:
		f.Title += ": " + f.why
	}
}

// lacking tells what a limit on subjects may have cost this one: its numbers are at least what they
// are, and what was left out might tell otherwise.
func (f *Finding) lacking(subjects int) {
	if !f.lack.Any() {
		return
	}
	f.Confidence = Possible
	many := fmt.Sprintf("There were more subjects than the %s that a detector keeps apart: ", say.Thousands(uint64(subjects)))
	if f.lack.Bad {
		f.AtLeast = true
		f.Title += " (at least)"
		f.Explanation += " " + many + "some connections of this one are not counted, so that each number is at least what it is."
	} else {
		f.Explanation += " " + many + "connections of this one for which all went well are not all counted."
	}
	if f.lack.Well {
		f.Severity = min(f.Severity, Notice)
		f.Explanation += " What is told of shares is of those that are counted alone."
	}
}

// rank puts capture trouble that is a warning or worse first.
func rank(f *Finding) int {
	if f.Group == GroupCapture && f.Severity >= Warning {
		return 0
	}
	return 1
}
