package diagnose

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func seenTwice() Detector {
	return Detector{
		Name: "seen-twice", Group: GroupCapture, needs: traitNone,
		Doc: `Files hold the same connections: they were captured at two places.

Rule: two connections of different files have the initial sequence numbers of both ends in
common, which are chosen at random, 32 bits each (RFC 9293 section 3.4.1): they are one, before and
behind a NAT, or by clocks that are minutes apart. Or a SYN or SYN/ACK is in a second file with
the same timestamp, without timestamps with the same IPv4 identification and another TTL: a sender
makes both anew for each SYN that it sends. Connections whose numbers come again within one file
are left out: their sender does not choose them at random. Files of one place are not meant: one
for each direction or interface, or one after the other; there a SYN that comes again has other marks.`,
		New: func(*Options) Fold { return fromQuality{tell: tellTwice} },
	}
}

// numberPair are the initial sequence numbers of both ends, by which a connection is known again.
type numberPair [2]uint32

// Hash chooses which are kept.
func (p numberPair) Hash() uint64 { return fold.Mix(uint64(p[0])<<32 | uint64(p[1])) }

// sighting is a connection as files hold it.
type sighting struct {
	ID    uint64 `fold:"packet"`
	Start int64
	File  uint32 `fold:"file"`
	Other uint32 `fold:"file"` // the other file, with Twice
	Twice uint8  // record.Twice, of one that both files hold as one connection
}

func compareSightings(a, b sighting) int {
	return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(b.Twice, a.Twice), cmp.Compare(a.Other, b.Other), cmp.Compare(a.File, b.File), cmp.Compare(a.Start, b.Start))
}

// sighted are those with the same numbers.
type sighted struct{ all []sighting }

// maxSighted bounds them.
const maxSighted = 4

// Items are those, by connection.
func (s *sighted) Items() []sighting { return s.all }

// Take keeps one when its connection has one of the least ids.
func (s *sighted) Take(x sighting) { keepLeast(&s.all, x, maxSighted, compareSightings) }

// Fields walks over them.
func (s *sighted) Fields(w *fold.Walk) { fold.Items(w, s) }

// sightings are connections by their numbers, those with the least hashes.
type sightings struct {
	kept fold.Bounded[numberPair, sighted, *sighted]
}

// maxPairs bounds how many connections are compared.
const maxPairs = 4096

func newSightings() sightings { return sightings{fold.NewBounded[numberPair, sighted](maxPairs)} }

// add takes in a connection whose numbers are known.
func (s *sightings) add(r *record.Record) {
	known := numbersKnown(r) && r.Capture.SYNUnseen == [2]bool{} && r.Open.SYNACKs > 0
	if !known && r.Capture.Twice == record.TwiceNone {
		return
	}
	k := numberPair{r.Ends[record.Orig].Numbers.V.First, r.Ends[record.Resp].Numbers.V.First}
	x := sighting{ID: r.ID, Start: r.Start, File: uint32(r.File)}
	if r.Capture.Twice != record.TwiceNone {
		x.Twice, x.Other = uint8(r.Capture.Twice), uint32(max(r.Capture.TwiceFile, 1)-1)
	}
	if v := s.kept.At(k); v != s.kept.Rest() {
		v.Take(x)
	}
}

// filePair are two files by their indexes, the lesser first.
type filePair [2]uint32

// Twice is what is known of connections that files of two places hold.
type Twice struct {
	N, Of   uint64    // connections that two files hold, of those that were compared
	All     bool      // all were compared
	Files   [2]string // two files that hold most of them; empty where files have no names
	Several bool      // there are more files
	doubled uint64    // counted as two connections
	leftOut uint64    // as the first place saw them
	mixed   uint64    // not judged
	tally   tally
}

// twice tells which connections are in two files.
func (s *sightings) twice(c *Context) (x Twice) {
	s.kept.Trim()
	x.Of, x.All = uint64(s.kept.Len()), s.kept.Len() < s.kept.Limit()
	pairs := make(map[filePair]uint64)
	for _, v := range s.kept.All() {
		files, how := v.twice()
		if files[0] == files[1] {
			continue
		}
		x.N++
		pairs[files]++
		switch how {
		case record.TwiceNone:
			x.doubled++
		case record.TwiceLeftOut:
			x.leftOut++
		case record.TwiceMixed:
			x.mixed++
		}
		first := &v.all[0]
		x.tally.hitConn(first.ID, first.ID, first.Start, first.Start)
	}
	if x.doubled+x.leftOut+x.mixed == 0 && x.N*2 < x.Of {
		return Twice{} // copies at the seams of files that follow each other
	}
	var most filePair
	for p, n := range pairs {
		if m := pairs[most]; n > m || n == m && slices.Compare(p[:], most[:]) < 0 {
			most = p
		}
	}
	if n := uint32(len(c.Files)); most[1] < n && x.N > 0 {
		x.Files, x.Several = [2]string{c.Files[most[0]], c.Files[most[1]]}, n > 2
	}
	return x
}

// twice tells which two files hold a connection, the same twice for none, and how it was counted.
func (s *sighted) twice() (files filePair, how record.Twice) {
	again := false
	for i := range s.all {
		x := &s.all[i]
		if how := record.Twice(x.Twice); how != record.TwiceNone {
			return sorted(x.File, x.Other), how
		}
		if i == 0 || x.ID == s.all[i-1].ID {
			continue
		}
		if files = sorted(s.all[0].File, x.File); again || files[0] == files[1] {
			return filePair{}, record.TwiceNone // many use these numbers: they are not chosen at random
		}
		again = true
	}
	return files, record.TwiceNone
}

func sorted(a, b uint32) filePair { return filePair{min(a, b), max(a, b)} }

// Twice is what is known of connections that files of two places hold.
func (s *Set) Twice(c *Context) Twice {
	s = s.judged()
	return s.sightings.twice(c)
}

// who says which connections are in two files, as the subject of a sentence.
func (x *Twice) who() string {
	text, verb := outOf(x.N, x.Of, "connection"), " are"
	if !x.All {
		text += " that were compared"
	}
	if x.N == 1 {
		verb = " is"
	}
	return text + verb
}

// Short says it in few words.
func (x *Twice) Short() string {
	return x.who() + " in two of the files, captured at two places (tcpwatch pair)"
}

// How says in words which connections are in two files, and in which.
func (x *Twice) How() string {
	if x.Files[0] == "" {
		return x.who() + " in two of the files: they were captured at two places"
	}
	a, b := say.Escape(x.Files[0]), say.Escape(x.Files[1])
	if x.Several {
		return fmt.Sprintf("%s in two of the files, as in %s and %s: they were captured at two places", x.who(), a, b)
	}
	return fmt.Sprintf("%s in both files, %s and %s: they were captured at two places", x.who(), a, b)
}

// plainName is a file name that a shell takes as it is.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_./][A-Za-z0-9_./+=,:@%-]*$`)

// Command is how both places are compared.
func (x *Twice) Command() string {
	a, b := x.Files[0], x.Files[1]
	if x.Several || !plainName.MatchString(a) || !plainName.MatchString(b) {
		a, b = "FILES", "FILES"
	}
	return fmt.Sprintf("tcpwatch pair %s -- %s", a, b)
}

func tellTwice(c *Context, _ *quality) (Finding, *tally) {
	x := c.sightings.twice(c)
	told := effect{harmless: x.doubled+x.leftOut+x.mixed == 0}
	f := Finding{Severity: told.severity(), Confidence: Proven, Title: x.How(),
		Explanation: "Their SYN or SYN/ACK is in two files with the marks that each SYN has of its own, or both initial sequence numbers are the same.",
		Advice:      []string{fmt.Sprintf("`%s` compares both places: what was lost, changed or delayed between them.", x.Command())}}
	if x.N == 1 {
		f.Confidence = Likely
	}
	if x.doubled > 0 {
		f.Explanation += fmt.Sprintf(" %s counted twice, under other addresses or at another time: all figures of them are double.", countIs(x.doubled))
	}
	if x.leftOut > 0 {
		f.Explanation += fmt.Sprintf(" %s told as the place saw them of which packets come first; packets of the other file are left out, because they would look like retransmissions.", countIs(x.leftOut))
	}
	if x.mixed > 0 {
		f.Explanation += fmt.Sprintf(" %s in more than two files and not judged, because it is not known at which place the others were captured.", countIs(x.mixed))
	}
	if x.Several {
		f.Advice = append(f.Advice, "Name the files of one place before the --, those of the other place behind it.")
	}
	return f, &x.tally
}

// countIs is how many connections, with a verb.
func countIs(n uint64) string {
	if n == 1 {
		return "1 connection is"
	}
	return say.Plural(n, "connection") + " are"
}
