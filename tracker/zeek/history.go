package zeek

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// count are the events whose letter comes at the 1st, 10th, 100th ... time.
type count uint8

const (
	countGap count = iota
	countRetx
	countZeroWindow
	NCounts
)

// History is the history, borrowed: one letter an event, upper case for the
// originator.
func (z *Conn) History() []byte { return z.Letters[:z.NLetters] }

// Flipped notes that the originator was guessed against the direction of the
// first segment; it comes before that segment.
func (z *Conn) Flipped() { z.add('^') }

func (z *Conn) add(letter byte) {
	if int(z.NLetters) < len(z.Letters) {
		z.Letters[z.NLetters] = letter
		z.NLetters++
	}
}

// addFor adds a letter, given in lower case, for one end.
func (z *Conn) addFor(of record.End, letter byte) {
	if of == record.Orig {
		letter -= 'a' - 'A'
	}
	z.add(letter)
}

// once adds the letter the first time; it reports whether it was there.
func (z *Conn) once(of record.End, f Seen, letter byte) bool {
	if z.Seen[of]&f != 0 {
		return true
	}
	z.Seen[of] |= f
	z.addFor(of, letter)
	return false
}

// count counts an event and adds its letter each time the count has grown tenfold.
func (z *Conn) count(of record.End, c count) {
	n := &z.Ends[of].Counts[c]
	if *n == 1<<16-1 {
		return // the letters after the one for 10,000 are not told
	}
	*n++
	switch *n {
	case 1, 10, 100, 1000, 10000:
		z.addFor(of, "gtw"[c])
	}
}

// tell adds what the segment alone says, before it moves any state.
func (z *Conn) tell(from record.End, s *capture.Segment, base reassembly.Seq) {
	e, p := &z.Ends[from], &z.Ends[from^1]
	switch s.Flags & (capture.SYN | capture.FIN | capture.RST) {
	case 0:
		if s.Len > 0 {
			z.once(from, seenData, 'd')
		} else if s.Flags.Has(capture.ACK) {
			z.once(from, seenACK, 'a')
		}
	case capture.SYN:
		letter := byte('s')
		if s.Flags.Has(capture.ACK) {
			letter = 'h'
		}
		// base is 0 unless the end has closed: then it is another SYN.
		if z.once(from, seenSYN, letter) && base != 0 {
			z.addFor(from, letter)
		}
	case capture.FIN:
		if z.once(from, seenFIN, 'f') && base.Add(s.Len+1) != e.FIN {
			z.addFor(from, 'f')
		}
	case capture.RST:
		if z.once(from, seenRST, 'r') && base != e.RST {
			z.addFor(from, 'r')
		}
		e.RST = base
	case capture.SYN | capture.FIN, capture.SYN | capture.RST:
		z.once(from, seenMulti, 'q')
	default:
		z.once(from, seenFINRST, 'i')
	}
	// A window is of no interest with a RST, after one, or when the peer has
	// sent its FIN and so nothing more.
	if s.Window == 0 && !s.Flags.Has(capture.RST) && p.State != closed && e.State != reset {
		z.count(from, countZeroWindow)
	}
}
