package tcpwatch

import (
	"fmt"
	"io"
	"slices"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/pcaptest"
)

// stamped is a source of packets with given times, in seconds.
type stamped struct {
	times []float64
	n     int
	files []int // of each packet; nil for one
	ports []int // of the client of each packet; nil: the packets hold nothing
}

func (s *stamped) Next(p *capture.Packet) error {
	if s.n == len(s.times) {
		return io.EOF
	}
	*p = capture.Packet{Number: uint64(s.n) + 1, Time: int64(s.times[s.n] * 1e9), FileNumber: uint64(s.n) + 1}
	if s.files != nil {
		p.File = s.files[s.n]
		p.FileNumber = uint64(1 + s.n - slices.Index(s.files, p.File))
	}
	if s.times[s.n] < 0 { // a packet without a time
		p.Time, p.Untimed = 0, true
	}
	if s.ports != nil {
		_, frame, err := pcaptest.ParseFrame([]string{"0", fmt.Sprintf("192.0.2.1:%d", s.ports[s.n]), ">", "192.0.2.2:80", ".", "seq", "1", "ack", "1"})
		if err != nil {
			return err
		}
		p.Link, p.Data, p.Length = capture.LinkEthernet, frame, len(frame)
	}
	s.n++
	return nil
}

func (*stamped) Close() error { return nil }

// expect reads all packets, whose times and what was found of them must be these.
func (s *steady) expect(t *testing.T, want []float64, counts clockCounts) {
	t.Helper()
	var got []float64
	var p capture.Packet
	for s.Next(&p) == nil {
		got = append(got, float64(timeOf(&p))/1e9)
	}
	if !slices.Equal(got, want) || s.clock != counts {
		t.Errorf("%v %+v\nwant %v %+v", got, s.clock, want, counts)
	}
}

// What stamps are worth: the time of each packet by the clock that was not stepped,
// without what nobody captured.
func TestStamps(t *testing.T) {
	const hour, year = 3600, 365 * 86400
	goOn, hole, quiet := crossing{goOn: 3}, crossing{holes: 2}, crossing{}
	for _, c := range []struct {
		name   string
		times  []float64
		across crossing
		want   []float64
		counts clockCounts
		files  []int
	}{
		{"time that passes", []float64{10, 11, 12}, quiet, []float64{10, 11, 12}, clockCounts{}, nil},
		{"a little out of order", []float64{10, 12, 11}, quiet, []float64{10, 12, 11}, clockCounts{}, nil},
		{"one an hour late", []float64{10, 11, 11 + hour, 12}, quiet, []float64{10, 11, 11, 12}, clockCounts{misstamped: 1, at: 3}, nil},
		{"one an hour early", []float64{10 + hour, 11 + hour, 11, 12 + hour}, quiet, []float64{10 + hour, 11 + hour, 11 + hour, 12 + hour}, clockCounts{misstamped: 1, at: 3}, nil},
		{"one years late", []float64{10, 11, 50 * year, 12}, quiet, []float64{10, 11, 11, 12}, clockCounts{misstamped: 1, at: 3}, nil},
		{"two, each off in its own way", []float64{10, 11, 11 + hour, 11 + year, 12}, quiet, []float64{10, 11, 11, 11, 12}, clockCounts{misstamped: 2, at: 3}, nil},
		{"the first is late", []float64{10 + hour, 11, 12}, quiet, []float64{11, 11, 12}, clockCounts{misstamped: 1, at: 1}, nil},
		{"the last is late while more is under way", []float64{10, 11, 11 + hour}, crossing{left: 2}, []float64{10, 11, 11}, clockCounts{misstamped: 1, at: 3}, nil},
		{"the last is late while all rests", []float64{10, 11, 11 + hour}, quiet, []float64{10, 11, 11 + hour}, clockCounts{}, nil},
		{"the last is early", []float64{10 + hour, 11 + hour, 11}, quiet, []float64{10 + hour, 11 + hour, 11 + hour}, clockCounts{misstamped: 1, at: 3}, nil},
		{"some are late, then it goes on", []float64{10, 11, 11 + hour, 12 + hour, 12, 13}, quiet, []float64{10, 11, 11, 12, 12, 13}, clockCounts{steps: 2, at: 3}, nil},
		{"a pause", []float64{10, 11, 11 + hour, 12 + hour}, quiet, []float64{10, 11, 11 + hour, 12 + hour}, clockCounts{}, nil},
		{"a pause, then repeats", []float64{10, 11, 11 + hour, 12 + hour}, crossing{goOn: 2, repeats: 3}, []float64{10, 11, 11 + hour, 12 + hour}, clockCounts{}, nil},
		{"a step forward", []float64{10, 11, 11 + hour, 12 + hour}, goOn, []float64{10, 11, 11, 12}, clockCounts{steps: 1, at: 3}, nil},
		{"a step back", []float64{10 + hour, 11 + hour, 11, 12}, quiet, []float64{10 + hour, 11 + hour, 11 + hour, 12 + hour}, clockCounts{steps: 1, at: 3}, nil},
		{"one goes on after 200 s", []float64{10, 11, 211, 212}, crossing{goOn: 1}, []float64{10, 11, 211, 212}, clockCounts{}, nil},
		{"one goes on after an hour", []float64{10, 11, 11 + hour, 12 + hour}, crossing{goOn: 1}, []float64{10, 11, 11, 12}, clockCounts{steps: 1, at: 3}, nil},
		{"two steps", []float64{10, 11, 11 + hour, 12 + hour, 12 + 3*hour, 13 + 3*hour}, goOn, []float64{10, 11, 11, 12, 12, 13}, clockCounts{steps: 2, at: 3}, nil},
		{"nobody captured", []float64{10, 11, 11 + hour, 12 + hour}, hole, []float64{10, 11, 11, 12}, clockCounts{gaps: 1, uncovered: hour * 1e9}, nil},
		{"one hole in a file is none", []float64{10, 11, 11 + hour, 12 + hour}, crossing{holes: 1}, []float64{10, 11, 11 + hour, 12 + hour}, clockCounts{}, nil},
		{"one between files is one", []float64{10, 11, 11 + hour, 12 + hour}, crossing{holes: 1}, []float64{10, 11, 11, 12}, clockCounts{gaps: 1, uncovered: hour * 1e9}, []int{0, 0, 1, 1}},
		{"midstream between files", []float64{10, 11, 11 + hour, 12 + hour}, crossing{midstream: 1}, []float64{10, 11, 11, 12}, clockCounts{gaps: 1, uncovered: hour * 1e9}, []int{0, 0, 1, 1}},
		{"quiet between files", []float64{10, 11, 11 + hour, 12 + hour}, quiet, []float64{10, 11, 11 + hour, 12 + hour}, clockCounts{}, []int{0, 0, 1, 1}},
		{"files that overlap", []float64{10, 11, 11 + hour, 12 + hour}, crossing{midstream: 1}, []float64{10, 11, 11 + hour, 12 + hour}, clockCounts{}, []int{0, 0, 1, 0}},
		{"without a time", []float64{-1, 10, -1, 11}, quiet, []float64{0, 10, 10, 11}, clockCounts{untimed: 2}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &steady{in: &Source{source: &stamped{times: c.times, files: c.files}}, kept: true,
				across: func(_ []capture.Packet, left bool) crossing {
					x := c.across
					if !left {
						x.left = 0
					}
					return x
				}}
			if c.files != nil {
				s.ended = func(file int) bool { return true }
			}
			s.expect(t, c.want, c.counts)
		})
	}
}

// Live, the packet after a jump decides, and how long none came: what passed by the
// monotonic clock too is a pause, all else a step of the clock.
func TestStampsLive(t *testing.T) {
	const hour = 3600
	for _, c := range []struct {
		name   string
		passed float64
		times  []float64
		want   []float64
		counts clockCounts
	}{
		{"a pause", hour, []float64{10, 11, 11 + hour, 12 + hour}, []float64{10, 11, 11 + hour, 12 + hour}, clockCounts{}},
		{"a step", 0, []float64{10, 11, 11 + hour, 12 + hour}, []float64{10, 11, 11, 12}, clockCounts{steps: 1, at: 3}},
		{"a pause of another length", 60, []float64{10, 11, 11 + hour, 12 + hour}, []float64{10, 11, 11, 12}, clockCounts{steps: 1, at: 3}},
		{"a step back", 0, []float64{10 + hour, 11 + hour, 11, 12}, []float64{10 + hour, 11 + hour, 11 + hour, 12 + hour}, clockCounts{steps: 1, at: 3}},
		{"one is late", 0, []float64{10, 11, 11 + hour, 12, 13}, []float64{10, 11, 11, 12, 13}, clockCounts{misstamped: 1, at: 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &steady{in: &Source{source: &stamped{times: c.times}}, live: true, silent: func() int64 { return int64(c.passed * 1e9) },
				across: func([]capture.Packet, bool) crossing { t.Error("asked"); return crossing{} }}
			s.expect(t, c.want, c.counts)
		})
	}
}

// Connections are asked about a pause only where what they show can make a difference:
// most captures with many pauses have one packet, or one connection, between two.
func TestWhoIsAskedAboutPauses(t *testing.T) {
	for _, c := range []struct {
		name  string
		times []float64
		ports []int
		want  []float64 // times of packets before which connections are asked
	}{
		{"one packet after each pause", []float64{0, 10, 20, 30, 30}, []int{1, 2, 3, 4, 4}, nil},
		{"one connection", []float64{0, 1, 11, 12, 22, 22}, []int{1, 1, 2, 2, 3, 3}, nil},
		{"two connections", []float64{0, 1, 11, 12, 22, 22}, []int{1, 2, 1, 2, 1, 1}, []float64{11}},
		{"a pause longer than any sender tries", []float64{0, 1, 1101, 1201, 1201}, []int{1, 1, 1, 1, 1}, []float64{1101}},
		{"the second packet, which others follow", []float64{0, 10, 11}, []int{1, 1, 1}, []float64{10}},
		{"the last packet", []float64{0, 1, 11}, []int{1, 1, 1}, []float64{11}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var asked []float64
			s := &steady{in: &Source{source: &stamped{times: c.times, ports: c.ports}}, kept: true,
				across: func(packets []capture.Packet, _ bool) (x crossing) {
					asked = append(asked, float64(packets[0].Time)/1e9)
					return x
				}}
			var p capture.Packet
			for s.Next(&p) == nil {
			}
			if !slices.Equal(asked, c.want) {
				t.Errorf("asked before packets of %v, want %v", asked, c.want)
			}
		})
	}
}

// pauses is an endless source with a pause after each packet.
type pauses struct{ n uint64 }

func (s *pauses) Next(p *capture.Packet) error {
	s.n++
	*p = capture.Packet{Number: s.n, Time: int64(s.n) * 10e9, FileNumber: s.n}
	return nil
}

func (*pauses) Close() error { return nil }

// Packets with a pause after each are read without an allocation for each.
func TestPausesAllocateNothing(t *testing.T) {
	s := &steady{in: &Source{source: &pauses{}}, kept: true, across: func([]capture.Packet, bool) (x crossing) { return x }}
	var p capture.Packet
	n := testing.AllocsPerRun(10, func() {
		for range 10 * lookAhead {
			if err := s.Next(&p); err != nil {
				t.Fatal(err)
			}
		}
	})
	if n > lookAhead || cap(s.queue) > 8*lookAhead {
		t.Errorf("%.0f allocations for %d packets, %d packets of room", n, 10*lookAhead, cap(s.queue))
	}
}

// BenchmarkPauses is what a packet costs where a pause follows each.
func BenchmarkPauses(b *testing.B) {
	s := &steady{in: &Source{source: &pauses{}}, kept: true, across: func([]capture.Packet, bool) (x crossing) { return x }}
	var p capture.Packet
	for b.Loop() {
		s.Next(&p)
	}
}
