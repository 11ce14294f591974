package tracker

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
	"tcpwatch/tracker/record"
)

// stray is a segment that no end of the exchange sent: its numbers lie off from
// where its sender and its receiver stand.
type stray struct {
	name     string
	flags    capture.Flags
	n        uint32
	seq, ack int64 // off from what is next
	win      uint16
}

var strays = []stray{
	{"data 70 kB ahead", capture.ACK | capture.PSH, 100, 70000, 0, 1000},
	{"data 2 GB ahead", capture.ACK | capture.PSH, 100, 2e9, 0, 1000},
	{"data 2 GB ahead, ACK of what was never sent", capture.ACK | capture.PSH, 100, 2e9, -1294967296, 1000},
	{"data 3 GB ahead", capture.ACK | capture.PSH, 100, 3e9, 0, 1000},
	{"data 70 kB behind", capture.ACK | capture.PSH, 100, -70000, 0, 1000},
	{"ACK 70 kB ahead", capture.ACK, 0, 0, 70000, 1000},
	{"ACK 87 MB ahead", capture.ACK, 0, 0, 87e6, 1000},
	{"ACK 87 MB ahead, window 0", capture.ACK, 0, 0, 87e6, 0},
	{"ACK 2 GB ahead", capture.ACK, 0, -1294967296, 2e9, 1000},
	{"ACK 1 GB behind", capture.ACK, 0, 0, -1e9, 1000},
	{"FIN 70 kB ahead", capture.ACK | capture.FIN, 0, 70000, 0, 1000},
	{"FIN 2 GB ahead", capture.ACK | capture.FIN, 0, 2e9, 0, 1000},
	{"FIN 3 GB ahead", capture.ACK | capture.FIN, 10, 3e9, 0, 1000},
	{"FIN without ACK", capture.FIN, 0, 1e9, 0, 1000},
	{"window 0 outside 42 MB ahead", capture.ACK, 0, 42e6, 0, 0},
	{"window 0 outside 42 MB behind", capture.ACK, 0, -42e6, 0, 0},
	{"RST 70 kB ahead", capture.RST, 0, 70000, 0, 0},
	{"RST 2 GB ahead", capture.RST | capture.ACK, 0, 2e9, 0, 0},
}

// playStray runs lines, with a stray from an end behind line at; at -1 without
// one. Packets of the exchange have the same numbers with and without it.
func playStray(w wire, lines []line, at int, from record.End, x stray) (after [][2]string, r []record.Record) {
	rec := &recorder{}
	tr := New(Options{}, rec)
	var next [2]uint32
	for i, l := range lines {
		s := w.segment(l, uint64(i+1)*10)
		tr.Observe(s)
		end := l.seq + l.n
		if l.flags.Any(capture.SYN | capture.FIN) {
			end++
		}
		if !l.flags.Has(capture.RST) {
			next[l.from] = max(next[l.from], end)
		}
		if i == at {
			o := line{at: l.at + 1e-6, from: from, flags: x.flags, n: x.n, seq: next[from] + uint32(x.seq), ack: next[from.Peer()] + uint32(x.ack), win: x.win, ttl: 64, id: 4711}
			tr.Observe(w.segment(o, uint64(i+1)*10+5))
		}
		var st [2]string
		tr.Snapshot(func(r *record.Record) {
			st = [2]string{stateName(r.States[record.Orig]), stateName(r.States[record.Resp])}
		})
		after = append(after, st)
	}
	tr.Finish()
	return after, rec.records
}

// blank clears what a stray may change: the counts of packets, and what a RST
// that its receiver ignores says of itself. Zeek judges by rules of its own.
func blank(r *record.Record) {
	r.ConnState, r.History = "", ""
	r.Proven = [2]record.State{}
	r.Close.FINs, r.Close.RSTs, r.Close.RSTsIgnored = [2]uint32{}, [2]uint32{}, 0
	r.Close.Ignored = record.IgnoredRST{}
	r.TimeWait.Until, r.TimeWait.Restarts = 0, 0                            // a refused segment begins 2MSL anew
	r.Idle.Longest, r.Idle.Answered, r.Idle.Gap = record.Opt[int64]{}, 0, 0 // silence that it broke
	for e := range r.Ends {
		r.Ends[e].Packets, r.Ends[e].LastSent = 0, 0
	}
}

// A segment that its receiver throws away changes nothing about either end, and
// what really was sent is followed exactly behind it.
func TestStraysChangeNothing(t *testing.T) {
	racetest.TooSlow(t)
	tried, failed := 0, 0
	for _, x := range exchanges {
		lines := parseExchange(t, x.lines)
		if len(lines) < 4 || !lines[0].flags.Has(capture.SYN) || !lines[1].flags.Has(capture.SYN|capture.ACK) {
			continue
		}
		for name, w := range map[string]wire{"plain": plainWire, "mirrored": mirroredWire} {
			after, want := playStray(w, lines, -1, record.Orig, stray{})
			for i := range want {
				blank(&want[i])
			}
			for at := 2; at < len(lines)-1; at++ {
				for _, from := range []record.End{record.Orig, record.Resp} {
					for _, y := range strays {
						if y.flags.Has(capture.RST) && (after[at][0] == "SYN-SENT" || after[at][1] == "SYN-SENT") {
							continue // there a RST need only acknowledge the SYN (section 3.10.7.3)
						}
						tried++
						got, r := playStray(w, lines, at, from, y)
						for i := range r {
							blank(&r[i])
						}
						if why := differs(after, got, want, r); why != "" {
							if failed++; failed <= 20 {
								t.Errorf("%s, %s: %s by %v behind line %d: %s", x.name, name, y.name, from, at+1, why)
							}
						}
					}
				}
			}
		}
	}
	t.Logf("%d of %d strays changed something", failed, tried)
}

func differs(a, b [][2]string, x, y []record.Record) string {
	if !slices.Equal(a, b) {
		return fmt.Sprintf("states %v, want %v", b, a)
	}
	if len(x) != len(y) {
		return fmt.Sprintf("%d connections, want %d", len(y), len(x))
	}
	for i := range x {
		if why := fieldDiffers("", reflect.ValueOf(x[i]), reflect.ValueOf(y[i])); why != "" {
			return why
		}
	}
	return ""
}

func fieldDiffers(path string, a, b reflect.Value) string {
	if a.Kind() == reflect.Array {
		for i := range a.Len() {
			if why := fieldDiffers(fmt.Sprintf("%s[%d]", path, i), a.Index(i), b.Index(i)); why != "" {
				return why
			}
		}
		return ""
	}
	if a.Kind() == reflect.Struct {
		for i := range a.NumField() {
			if why := fieldDiffers(path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i)); why != "" {
				return why
			}
		}
		return ""
	}
	if !reflect.DeepEqual(a.Interface(), b.Interface()) {
		return fmt.Sprintf("%s is %v, want %v", path, b.Interface(), a.Interface())
	}
	return ""
}
