package tracker

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// An exchange is written as tcpdump prints one, a segment a line, with both
// ends' states after it:
//
//	time direction flags seq:end(len) [ack n] [win n] [...] | orig resp [; without orig resp]
//
// '>' is sent by the originator. Numbers are relative to the ISNs. "-" is a
// state that nothing tells. "without" gives the final states when the capture
// has missed this line; by default they are the exchange's own.
type exchange struct {
	name  string
	lines string
	check func(t *testing.T, r *record.Record)
}

type line struct {
	at           float64
	from         record.End
	flags        capture.Flags
	seq, ack     uint32
	n            uint32
	win          uint16
	ttl          uint8
	states       [2]string
	without      [2]string
	tsval, tsecr uint32
	options      capture.OptionSet
	mss, id, sum uint16
	noID         bool // "id 0"
	wscale       uint8
	sack         []capture.SACKBlock
}

func parseExchange(t *testing.T, text string) (lines []line) {
	t.Helper()
	for _, raw := range strings.Split(text, "\n") {
		raw = strings.TrimSpace(raw)
		if raw == "" || strings.HasPrefix(raw, "#") {
			continue
		}
		left, right, ok := strings.Cut(raw, "|")
		f := strings.Fields(left)
		if !ok || len(f) < 4 {
			t.Fatalf("line %q", raw)
		}
		l := line{win: 1000, ttl: 64}
		l.at, _ = strconv.ParseFloat(f[0], 64)
		if f[1] == "<" {
			l.from = record.Resp
		}
		for _, c := range f[2] {
			l.flags |= map[rune]capture.Flags{'S': capture.SYN, 'F': capture.FIN, 'R': capture.RST, 'P': capture.PSH, '.': capture.ACK, 'U': capture.URG}[c]
		}
		var end uint32
		if _, err := fmt.Sscanf(f[3], "%d:%d(%d)", &l.seq, &end, &l.n); err != nil || end-l.seq != l.n {
			t.Fatalf("numbers in %q", raw)
		}
		for i := 4; i+1 < len(f); i += 2 {
			v, _ := strconv.ParseUint(f[i+1], 10, 32)
			switch f[i] {
			case "sackok":
				l.options |= capture.OptSACKPermitted
			case "mptcp":
				l.options |= capture.OptMPTCP
			case "wscale":
				l.options |= capture.OptWScale
				l.wscale = uint8(v)
			case "mss":
				l.options |= capture.OptMSS
				l.mss = uint16(v)
			case "id":
				l.id, l.noID = uint16(v), v == 0
			case "sum":
				l.sum = uint16(v)
			case "sack":
				l.options |= capture.OptSACK
				for _, b := range strings.Split(f[i+1], ",") {
					var x capture.SACKBlock
					if _, err := fmt.Sscanf(b, "%d-%d", &x.Left, &x.Right); err != nil {
						t.Fatalf("block %q in %q", b, raw)
					}
					l.sack = append(l.sack, x)
				}
			case "ack":
				l.ack = uint32(v)
			case "win":
				l.win = uint16(v)
			case "ttl":
				l.ttl = uint8(v)
			case "val":
				l.tsval = uint32(v)
				l.options |= capture.OptTimestamps
			case "ecr":
				l.tsecr = uint32(v)
			default:
				t.Fatalf("%q in %q", f[i], raw)
			}
		}
		states, without, _ := strings.Cut(right, ";")
		s := strings.Fields(states)
		l.states = [2]string{s[0], s[1]}
		if w := strings.Fields(without); len(w) == 3 {
			l.without = [2]string{w[1], w[2]}
		}
		lines = append(lines, l)
	}
	return lines
}

// recorder keeps what a Tracker says.
type recorder struct {
	records []record.Record
	steps   []record.Step
	events  []record.EventKind
}

func (r *recorder) Conn(c *record.Record) {
	x := *c
	x.Transitions = append([]record.Transition(nil), c.Transitions...)
	r.records = append(r.records, x)
}
func (r *recorder) Event(e *record.Event) { r.events = append(r.events, e.Kind) }
func (r *recorder) Step(s *record.Step) {
	x := *s
	x.Moments = append([]record.Moment(nil), s.Moments...)
	r.steps = append(r.steps, x)
}

// wire is how an exchange is put on the wire: addresses and ISNs, both near
// the wrap and far from it, and which end has the lower address.
type wire struct {
	ends [2]capture.Endpoint
	isn  [2]uint32
}

var (
	plainWire    = wire{[2]capture.Endpoint{endpointAt(1, 40000), endpointAt(2, 80)}, [2]uint32{1000, 0xfffffffe}}
	mirroredWire = wire{[2]capture.Endpoint{endpointAt(9, 40000), endpointAt(2, 80)}, [2]uint32{0xfffffff0, 77}}
)

func endpointAt(host byte, port uint16) capture.Endpoint {
	return capture.Endpoint{Addr: capture.AddrFrom4([]byte{192, 0, 2, host}), Port: port}
}

func (w wire) segment(l line, packet uint64) *capture.Segment {
	s := &capture.Segment{
		Packet: packet, FileNumber: packet, Time: int64(l.at*1e9) + 1700000000e9,
		Src: w.ends[l.from], Dst: w.ends[l.from.Peer()],
		Seq: l.seq + w.isn[l.from], Flags: l.flags, Len: l.n, Captured: l.n, Window: l.win, TTL: l.ttl,
		IPID: uint16(packet * 7), TSVal: l.tsval, TSEcr: l.tsecr,
		Options: l.options, MSS: l.mss, WScale: l.wscale,
	}
	if l.id != 0 || l.noID {
		s.IPID = l.id
	}
	s.Checksum = l.sum
	for i, b := range l.sack {
		s.SACK[i] = capture.SACKBlock{Left: b.Left + w.isn[l.from.Peer()], Right: b.Right + w.isn[l.from.Peer()]}
		s.NSACK++
	}
	if l.flags.Has(capture.ACK) {
		s.Ack = l.ack + w.isn[l.from.Peer()]
	}
	return s
}

func stateName(s record.State) string {
	if s == record.Unknown {
		return "-"
	}
	return s.String()
}

// play runs lines through a Tracker, all but the one to skip, doubling another,
// and returns the states after each and everything that was told.
func play(t *testing.T, w wire, lines []line, skip, double int) (after [][2]string, rec *recorder, tr *Tracker) {
	t.Helper()
	rec = &recorder{}
	tr = New(Options{Events: true, Mark: func(uint64, capture.Endpoint, capture.Endpoint) bool { return true }}, rec)
	packet := uint64(0)
	for i, l := range lines {
		if i != skip {
			packet++
			s := w.segment(l, packet)
			tr.Observe(s)
			if i == double {
				// The capture sees the packet twice, 20 us apart.
				again := *s
				packet++
				again.Packet, again.Time = packet, s.Time+20000
				tr.Observe(&again)
			}
		}
		var st [2]string
		tr.Snapshot(func(r *record.Record) {
			for e := record.Orig; e <= record.Resp; e++ {
				st[e] = stateName(r.States[e])
			}
			if r.Orig != w.ends[record.Orig] {
				st[0], st[1] = st[1], st[0]
			}
		})
		after = append(after, st)
	}
	tr.Finish()
	for i := range rec.records {
		checkLegal(t, &rec.records[i])
	}
	return after, rec, tr
}

// checkLegal: every edge is one of figure 5, or implied from nothing, or takes
// back the one before it; and the edges of an end join up.
func checkLegal(t *testing.T, r *record.Record) {
	t.Helper()
	var at [2]record.State
	var stack [2][]record.Transition
	for _, tr := range r.Transitions {
		if at[tr.End] != record.Unknown && tr.From != at[tr.End] {
			t.Errorf("conn %d: %v goes from %v, but was in %v", r.ID, tr.End, tr.From, at[tr.End])
		}
		at[tr.End] = tr.To
		if tr.Basis == record.Retracted {
			s := stack[tr.End]
			if len(s) == 0 || s[len(s)-1].From != tr.To || s[len(s)-1].To != tr.From || s[len(s)-1].Basis != record.Expected {
				t.Errorf("conn %d: %v retracts %v -> %v, which is not its last expected edge", r.ID, tr.End, tr.To, tr.From)
				continue
			}
			stack[tr.End] = s[:len(s)-1]
			continue
		}
		stack[tr.End] = append(stack[tr.End], tr)
		legal := tr.From == record.Unknown
		for _, e := range figure5 {
			legal = legal || e.from == tr.From && e.to == tr.To
		}
		if !legal {
			t.Errorf("conn %d: %v -> %v is no edge of figure 5", r.ID, tr.From, tr.To)
		}
	}
	for e := record.Orig; e <= record.Resp; e++ {
		for s, d := range r.Ends[e].TimeIn {
			if d.OK && d.V < 0 {
				t.Errorf("conn %d: %v spent %d ns in %v", r.ID, e, d.V, record.State(s))
			}
		}
	}
}

func TestExchanges(t *testing.T) {
	for _, x := range exchanges {
		t.Run(x.name, func(t *testing.T) {
			lines := parseExchange(t, x.lines)
			last := lines[len(lines)-1]
			for name, w := range map[string]wire{"plain": plainWire, "mirrored": mirroredWire} {
				after, rec, tr := play(t, w, lines, -1, -1)
				for i, l := range lines {
					if after[i] != l.states {
						t.Errorf("%s: after line %d: %v, want %v", name, i+1, after[i], l.states)
					}
				}
				if len(rec.records) != 1 {
					t.Fatalf("%s: %d records", name, len(rec.records))
				}
				if n := tr.Stats().Anomalies; len(n) > 0 {
					t.Errorf("%s: anomalies %v", name, n)
				}
				if x.check != nil {
					x.check(t, &rec.records[0])
				}
				for i := range lines {
					after, rec, _ := play(t, w, lines, -1, i)
					for j, l := range lines {
						if after[j] != l.states {
							t.Errorf("%s, line %d doubled: after line %d: %v, want %v", name, i+1, j+1, after[j], l.states)
						}
					}
					if len(rec.records) == 1 && rec.records[0].Capture.Duplicates != 1 {
						t.Errorf("%s, line %d doubled: %d duplicates counted", name, i+1, rec.records[0].Capture.Duplicates)
					}
				}
				for i, l := range lines {
					if len(lines) == 1 {
						break
					}
					after, _, _ := play(t, w, lines, i, -1)
					want := last.states
					if l.without[0] != "" {
						want = l.without
					} else if i == len(lines)-1 {
						want = lines[i-1].states
					}
					if got := after[len(lines)-1]; got != want {
						t.Errorf("%s, line %d missed: ends in %v, want %v", name, i+1, got, want)
					}
				}
			}
		})
	}
}
