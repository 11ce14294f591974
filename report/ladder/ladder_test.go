package ladder

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"tcpwatch/capture"
	"tcpwatch/internal/recordtest"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

var updateLadders = flag.Bool("update-ladders", false, "write the figures that TestLadder compares with")

const (
	ms = int64(1e6)
	s1 = int64(1e9)

	fSYN = capture.SYN
	fSA  = capture.SYN | capture.ACK
	fACK = capture.ACK
	fPSH = capture.PSH | capture.ACK
	fFIN = capture.FIN | capture.ACK
	fRST = capture.RST | capture.ACK
)

// story hands a ladder the steps of one connection.
type story struct {
	l      *Ladder
	packet uint64
	now    [2]record.State
	proof  [2]record.Basis
	record record.Record
}

// draw has a ladder draw to w.
func draw(l *Ladder, w io.Writer) error {
	l.w = w
	return l.Finish()
}

func newStory(o Options) *story {
	y := &story{l: New(nil, o, nil), now: [2]record.State{record.Closed, record.Listen}, record: *recordtest.Opened()}
	y.record.ID = 1
	y.record.Open.Felt = record.Some(int64(320_000))
	return y
}

// edge is what a packet does to one end.
type edge struct {
	end   record.End
	to    record.State
	proof record.Basis
}

func origSeen(s record.State) edge { return edge{record.Orig, s, record.Seen} }
func respSeen(s record.State) edge { return edge{record.Resp, s, record.Seen} }
func origExp(s record.State) edge  { return edge{record.Orig, s, record.Expected} }
func respExp(s record.State) edge  { return edge{record.Resp, s, record.Expected} }

func (y *story) step(at int64, edges []edge, moments []record.Moment) *record.Step {
	st := &record.Step{Conn: 1, Orig: y.record.Orig, Resp: y.record.Resp, Time: recordtest.Start + at, Before: y.now, Moments: moments}
	for _, e := range edges {
		y.now[e.end], y.proof[e.end] = e.to, e.proof
	}
	st.After, st.AfterBasis = y.now, y.proof
	return st
}

func (y *story) send(at int64, from record.End, flags capture.Flags, seq, ack, length uint32, edges []edge, moments ...record.Moment) {
	y.packet++
	st := y.step(at, edges, moments)
	st.From, st.RelSeq, st.RelAck = from, seq, ack
	st.Segment = &capture.Segment{Packet: y.packet, Time: st.Time, Flags: flags, Len: length, Window: 64240}
	for i := range moments {
		if k := moments[i].Kind; k == record.MomentZeroWindow || k == record.MomentWindowProbe && from == record.Resp {
			st.Segment.Window = 0
		}
	}
	y.l.Step(st)
}

func (y *story) passed(at int64, edges ...edge) { y.l.Step(y.step(at, edges, nil)) }

func is(kind record.MomentKind, end record.End) record.Moment {
	return record.Moment{Kind: kind, End: end}
}

// open is a handshake without trouble.
func (y *story) open() {
	y.send(0, record.Orig, fSYN, 0, 0, 0, []edge{origSeen(record.SynSent), respExp(record.SynReceived)})
	y.send(ms/10, record.Resp, fSA, 0, 1, 0, []edge{origExp(record.Established), respSeen(record.SynReceived)})
	y.send(ms/5, record.Orig, fACK, 1, 1, 0, []edge{origSeen(record.Established), respExp(record.Established)},
		record.Moment{Kind: record.MomentEstablished, Span: ms / 5, N: 1, M: 1})
}

// request is a request and its answer, each acknowledged.
func (y *story) request(at int64) {
	y.send(at, record.Orig, fPSH, 1, 1, 78, nil)
	y.send(at+ms, record.Resp, fPSH, 1, 79, 1200, []edge{respSeen(record.Established)})
	y.send(at+ms+ms/10, record.Orig, fACK, 79, 1201, 0, nil)
}

// close3 is a close of three segments by the client.
func (y *story) close3(at int64) {
	y.send(at, record.Orig, fFIN, 79, 1201, 0, []edge{origSeen(record.FinWait1), respExp(record.CloseWait)}, is(record.MomentFIN, record.Orig))
	y.send(at+ms, record.Resp, fFIN, 1201, 80, 0, []edge{origExp(record.TimeWait), respSeen(record.LastAck)},
		is(record.MomentFINAcked, record.Orig), is(record.MomentFIN, record.Resp))
	y.send(at+2*ms, record.Orig, fACK, 80, 1202, 0, []edge{origSeen(record.TimeWait), respExp(record.Closed)},
		is(record.MomentFINAcked, record.Resp), record.Moment{Kind: record.MomentClosed, Span: 2 * ms, N: 3},
		record.Moment{Kind: record.MomentTimeWait, End: record.Orig, Span: 60 * s1})
	y.record.Close = record.CloseRecord{Kind: record.CloseNormal, First: record.Orig, Segments: 3, ResetBy: record.NoEnd}
	y.record.TimeWait = record.TimeWaitRecord{Holder: record.Orig, Since: recordtest.Start + at + 2*ms, Until: recordtest.Start + at + 2*ms + 60*s1, EndedBy: record.TimeWait2MSL}
}

func (y *story) end() {
	y.record.States = y.now
	y.record.Ends[0].Packets, y.record.Ends[1].Packets = y.packet, y.packet
	y.l.Conn(&y.record)
}

// ladderStories are connections as textbooks draw them, and as they go wrong.
var ladderStories = map[string]func(y *story){
	"normal": func(y *story) {
		y.open()
		y.request(2 * ms)
		y.close3(10 * ms)
		y.passed(60*s1+12*ms, origSeen(record.Closed))
	},
	"syn-lost": func(y *story) {
		y.send(0, record.Orig, fSYN, 0, 0, 0, []edge{origSeen(record.SynSent), respExp(record.SynReceived)})
		y.send(1003*ms, record.Orig, fSYN, 0, 0, 0, []edge{respExp(record.SynReceived)},
			record.Moment{Kind: record.MomentSYNAgain, End: record.Orig, N: 1, Since: 1003 * ms, Ref: 1})
		y.send(1003*ms+ms/10, record.Resp, fSA, 0, 1, 0, []edge{origExp(record.Established), respSeen(record.SynReceived)})
		y.send(1003*ms+ms/5, record.Orig, fACK, 1, 1, 0, []edge{origSeen(record.Established), respExp(record.Established)},
			record.Moment{Kind: record.MomentEstablished, Span: 1003*ms + ms/5, N: 2, M: 1})
		y.record.Open.SYNs = 2
		y.record.Open.Felt = record.Some(1003*ms + ms/5)
		y.record.Open.LastSYN = record.Some(ms / 5)
		y.record.Open.Resp, y.record.Open.Orig = record.Some(ms/10), record.Some(ms/10)
		y.record.Close.Kind = record.CloseOpen
	},
	"synack-lost": func(y *story) {
		y.send(0, record.Orig, fSYN, 0, 0, 0, []edge{origSeen(record.SynSent), respExp(record.SynReceived)})
		y.send(ms/10, record.Resp, fSA, 0, 1, 0, []edge{origExp(record.Established), respSeen(record.SynReceived)})
		y.send(1001*ms, record.Orig, fSYN, 0, 0, 0, []edge{origSeen(record.SynSent)},
			record.Moment{Kind: record.MomentRetracted, End: record.Orig, From: record.Established, To: record.SynSent},
			record.Moment{Kind: record.MomentSYNAgain, End: record.Orig, N: 1, Since: 1001 * ms, Ref: 1})
		y.send(1001*ms+ms/10, record.Resp, fSA, 0, 1, 0, []edge{origExp(record.Established)},
			record.Moment{Kind: record.MomentSYNACKAgain, End: record.Resp, N: 1, Since: 1001 * ms, Ref: 2})
		y.send(1001*ms+ms/5, record.Orig, fACK, 1, 1, 0, []edge{origSeen(record.Established), respExp(record.Established)},
			record.Moment{Kind: record.MomentEstablished, Span: 1001*ms + ms/5, N: 2, M: 2})
	},
	"third-ack-lost": func(y *story) {
		y.open()
		y.send(1001*ms, record.Resp, fSA, 0, 1, 0, []edge{respSeen(record.SynReceived)},
			record.Moment{Kind: record.MomentRetracted, End: record.Resp, From: record.Established, To: record.SynReceived},
			record.Moment{Kind: record.MomentSYNACKAgain, End: record.Resp, N: 1, Since: 1001 * ms, Ref: 2, ThirdACKSeen: true})
		y.send(1001*ms+ms/10, record.Orig, fACK, 1, 1, 0, []edge{respExp(record.Established)})
		y.request(1500 * ms)
	},
	"half-close": func(y *story) {
		y.open()
		y.request(2 * ms)
		y.send(10*ms, record.Orig, fFIN, 79, 1201, 0, []edge{origSeen(record.FinWait1), respExp(record.CloseWait)}, is(record.MomentFIN, record.Orig))
		y.send(50*ms, record.Resp, fACK, 1201, 80, 0, []edge{origExp(record.FinWait2), respSeen(record.CloseWait)}, is(record.MomentFINAcked, record.Orig))
		for i := range 3 {
			y.send(100*ms+int64(i)*ms, record.Resp, fPSH, 1201+uint32(i)*1448, 80, 1448, nil, record.Moment{Kind: record.MomentHalfCloseData, End: record.Resp, N: 1448})
		}
		y.send(103*ms, record.Orig, fACK, 80, 5545, 0, []edge{origSeen(record.FinWait2)})
		y.send(200*ms, record.Resp, fFIN, 5545, 80, 0, []edge{origExp(record.TimeWait), respSeen(record.LastAck)}, is(record.MomentFIN, record.Resp))
		y.send(201*ms, record.Orig, fACK, 80, 5546, 0, []edge{origSeen(record.TimeWait), respExp(record.Closed)},
			is(record.MomentFINAcked, record.Resp), record.Moment{Kind: record.MomentClosed, Span: 191 * ms, N: 4},
			record.Moment{Kind: record.MomentTimeWait, End: record.Orig, Span: 60 * s1})
	},
	"last-ack-lost": func(y *story) {
		y.open()
		y.request(2 * ms)
		y.close3(10 * ms)
		y.send(217*ms, record.Resp, fFIN, 1201, 80, 0, []edge{respSeen(record.LastAck)},
			record.Moment{Kind: record.MomentRetracted, End: record.Resp, From: record.Closed, To: record.LastAck},
			record.Moment{Kind: record.MomentFINAgain, End: record.Resp, N: 1, Since: 206 * ms, Ref: 8},
			is(record.MomentLastACKLost, record.Resp), is(record.MomentTimeWaitRestart, record.Orig))
		y.send(218*ms, record.Orig, fACK, 80, 1202, 0, []edge{respExp(record.Closed)})
		y.record.TimeWait.Restarts = 1
	},
	"simultaneous-open": func(y *story) {
		y.now = [2]record.State{record.Closed, record.Closed}
		y.send(0, record.Orig, fSYN, 0, 0, 0, []edge{origSeen(record.SynSent)})
		y.send(ms/10, record.Resp, fSYN, 0, 0, 0, []edge{origExp(record.SynReceived), respSeen(record.SynSent)}, is(record.MomentSimultaneousOpen, record.Both))
		y.send(ms, record.Orig, fSA, 0, 1, 0, []edge{origSeen(record.SynReceived), respExp(record.Established)})
		y.send(ms+ms/10, record.Resp, fSA, 0, 1, 0, []edge{origExp(record.Established), respSeen(record.Established)},
			record.Moment{Kind: record.MomentEstablished, Span: ms, N: 1, M: 1})
	},
	"simultaneous-close": func(y *story) {
		y.open()
		y.request(2 * ms)
		y.send(10*ms, record.Orig, fFIN, 79, 1201, 0, []edge{origSeen(record.FinWait1), respExp(record.CloseWait)}, is(record.MomentFIN, record.Orig))
		y.send(10*ms+ms/20, record.Resp, fFIN, 1201, 79, 0, []edge{origExp(record.Closing), respSeen(record.FinWait1)},
			record.Moment{Kind: record.MomentRetracted, End: record.Resp, From: record.CloseWait, To: record.Established},
			is(record.MomentFIN, record.Resp), is(record.MomentSimultaneousClose, record.Both))
		y.send(11*ms, record.Orig, fACK, 80, 1202, 0, []edge{origSeen(record.Closing), respExp(record.TimeWait)}, is(record.MomentFINAcked, record.Resp))
		y.send(11*ms+ms/10, record.Resp, fACK, 1202, 80, 0, []edge{origExp(record.TimeWait), respSeen(record.TimeWait)},
			is(record.MomentFINAcked, record.Orig), record.Moment{Kind: record.MomentClosed, Span: ms, N: 4},
			record.Moment{Kind: record.MomentTimeWait, End: record.Both, Span: 60 * s1})
	},
	"refused": func(y *story) {
		y.now[1] = record.Closed
		y.send(0, record.Orig, fSYN, 0, 0, 0, []edge{origSeen(record.SynSent)})
		y.send(ms/10, record.Resp, fRST, 0, 1, 0, []edge{origExp(record.Closed)}, is(record.MomentRefused, record.Resp))
		y.record.Open = record.OpenRecord{Kind: record.OpenRefused, SYNs: 1, Waited: record.Some(ms / 10)}
		y.record.Close.Kind = record.CloseNeverOpened
	},
	"unreachable": func(y *story) {
		y.now[1] = record.Unknown
		y.send(0, record.Orig, fSYN, 0, 0, 0, []edge{origSeen(record.SynSent)})
		y.packet++
		st := y.step(ms, []edge{origExp(record.Closed)}, []record.Moment{{Kind: record.MomentUnreachable, End: record.Orig, N: 3, M: 13}})
		st.Quote = &capture.Quote{Packet: y.packet, From: recordtest.Endpoint("10.0.0.254:0").Addr, Src: y.record.Orig, Dst: y.record.Resp, Type: 3, Code: 13}
		y.l.Step(st)
		y.record.Open = record.OpenRecord{Kind: record.OpenUnreachable, SYNs: 1, Waited: record.Some(ms),
			Answer: record.Answer{Kind: record.AnswerICMP, Type: 3, Code: 13, From: st.Quote.From}}
		y.record.Close.Kind = record.CloseNeverOpened
	},
	"keepalive-death": func(y *story) {
		y.open()
		y.request(2 * ms)
		at := 60 * s1
		y.send(at, record.Orig, fACK, 78, 1201, 0, nil, record.Moment{Kind: record.MomentKeepalive, End: record.Orig, N: 1, Span: at})
		y.send(at+ms, record.Resp, fACK, 1201, 79, 0, nil, record.Moment{Kind: record.MomentKeepaliveAnswer, End: record.Resp, Span: ms})
		for i := range 9 {
			at += 75 * s1
			y.send(at, record.Orig, fACK, 78, 1201, 0, nil, record.Moment{Kind: record.MomentKeepalive, End: record.Orig, N: uint64(i + 1), Span: 75 * s1})
		}
		y.send(at+75*s1, record.Orig, fRST, 79, 1201, 0, []edge{origSeen(record.Closed), respExp(record.Closed)},
			record.Moment{Kind: record.MomentKeepaliveDead, End: record.Orig, N: 9},
			record.Moment{Kind: record.MomentReset, End: record.Orig, Reset: record.ResetKeepaliveDead})
		y.record.Keepalive[0] = record.KeepaliveRecord{Probes: 10, Answered: 1, Unanswered: 9, Idle: record.Some(60 * s1), Interval: record.Some(75 * s1)}
		y.record.KeepaliveOutcome = record.KeepaliveDead
		y.record.Close = record.CloseRecord{Kind: record.CloseReset, First: record.NoEnd, ResetBy: record.Orig, ResetIn: record.Established, ResetCause: record.ResetKeepaliveDead}
	},
	"zero-window": func(y *story) {
		y.open()
		y.send(2*ms, record.Orig, fPSH, 1, 1, 65160, []edge{})
		y.send(3*ms, record.Resp, fACK, 1, 65161, 0, []edge{respSeen(record.Established)}, is(record.MomentZeroWindow, record.Resp))
		for i, gap := range []int64{200, 600, 1400} {
			y.send(gap*ms, record.Orig, fACK, 65160, 1, 0, nil, record.Moment{Kind: record.MomentWindowProbe, End: record.Orig, N: uint64(i + 1)})
		}
		y.send(2000*ms, record.Resp, fACK, 1, 65161, 0, nil, record.Moment{Kind: record.MomentZeroWindowEnd, End: record.Resp, Span: 1997 * ms})
	},
	"reset": func(y *story) {
		y.open()
		y.request(2 * ms)
		y.send(10*ms, record.Orig, fFIN, 79, 1201, 0, []edge{origSeen(record.FinWait1), respExp(record.CloseWait)}, is(record.MomentFIN, record.Orig))
		y.send(11*ms, record.Resp, fRST, 1201, 80, 0, []edge{origExp(record.Closed), respSeen(record.Closed)},
			record.Moment{Kind: record.MomentReset, End: record.Resp, Reset: record.ResetUnreadData})
		y.record.Close = record.CloseRecord{Kind: record.CloseReset, First: record.Orig, ResetBy: record.Resp, ResetIn: record.CloseWait, ResetCause: record.ResetUnreadData}
	},
	"bulk": func(y *story) {
		y.open()
		seq := uint32(1)
		for i := range 500 {
			at := 10*ms + int64(i)*ms
			var m []record.Moment
			if i == 250 {
				m = []record.Moment{{Kind: record.MomentRetransmission, End: record.Resp, N: 1448, Since: 204 * ms, Ref: 99}}
			}
			y.send(at, record.Resp, fPSH, seq, 1, 1448, []edge{respSeen(record.Established)}, m...)
			seq += 1448
			y.send(at+ms/2, record.Orig, fACK, 1, seq, 0, nil)
		}
		y.close3(600 * ms)
	},
	"midstream": func(y *story) {
		y.now = [2]record.State{}
		imp := func(e record.End) edge { return edge{e, record.Established, record.Implied} }
		y.send(0, record.Orig, fPSH, 0, 0, 100, []edge{imp(record.Orig), imp(record.Resp)}, is(record.MomentMidstream, record.Orig))
		y.send(ms, record.Resp, fACK, 0, 100, 0, []edge{respSeen(record.Established)})
		y.record.Open = record.OpenRecord{Kind: record.OpenMidstream}
		y.record.Capture.Midstream = true
	},
}

func TestLadder(t *testing.T) {
	variants := map[string]Options{"": {}, "-wide": {Width: 120}, "-ascii": {ASCII: true}}
	for name, tell := range ladderStories {
		for suffix, o := range variants {
			if suffix != "" && name != "normal" && name != "syn-lost" {
				continue
			}
			t.Run(name+suffix, func(t *testing.T) {
				y := newStory(o)
				tell(y)
				y.end()
				var b bytes.Buffer
				if err := draw(y.l, &b); err != nil {
					t.Fatal(err)
				}
				golden := filepath.Join("testdata", name+suffix+".txt")
				if *updateLadders {
					if err := os.WriteFile(golden, b.Bytes(), 0o666); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if b.String() != string(want) {
					t.Errorf("got\n%s\nwant\n%s", b.String(), want)
				}
				width := max(o.Width, 80)
				for _, line := range strings.Split(b.String(), "\n") {
					if n := utf8.RuneCountInString(line); n > width {
						t.Errorf("%d columns: %q", n, line)
					}
					if o.ASCII && strings.IndexFunc(line, func(r rune) bool { return r > 126 }) >= 0 {
						t.Errorf("not ASCII: %q", line)
					}
					if strings.Contains(line, "\x1b") {
						t.Errorf("colour that was not asked for: %q", line)
					}
				}
			})
		}
	}
}

// What is said rests on what was seen.
func TestLadderSentences(t *testing.T) {
	syn := func(y *story, since int64, m record.Moment) {
		y.send(0, record.Orig, fSYN, 0, 0, 0, []edge{origSeen(record.SynSent)}, record.Moment{Kind: record.MomentReusedTuple, Ref: 3})
		m.Kind, m.End, m.N, m.Since, m.Ref = record.MomentSYNAgain, record.Orig, 1, since, 1
		y.send(since, record.Orig, fSYN, 0, 0, 0, nil, m)
	}
	for name, x := range map[string]struct {
		tell func(y *story)
		want string
	}{
		"an old connection answered": {func(y *story) { syn(y, 13*ms, record.Moment{M: 11, To: record.Closed}) },
			"the server still had the old connection #3 and answered with its ACK (packet 11); the client reset it"},
		"too soon":  {func(y *story) { syn(y, 13*ms, record.Moment{}) }, "too early for a loss"},
		"no answer": {func(y *story) { syn(y, 1003*ms, record.Moment{}) }, "no answer was seen"},
		"a middlebox": {func(y *story) {
			y.open()
			y.send(ms, record.Resp, capture.RST, 1, 0, 0, nil,
				record.Moment{Kind: record.MomentReset, End: record.Resp, From: record.Established, Reset: record.ResetMiddlebox})
		}, "by a middlebox, in the name of the server: TTL"},
		"refused after the handshake's final ACK": {func(y *story) {
			y.open()
			y.send(ms, record.Resp, capture.RST, 1, 0, 0, nil,
				record.Moment{Kind: record.MomentReset, End: record.Resp, From: record.SynReceived, Reset: record.ResetUnknown})
		}, "reset by the server in SYN-RECEIVED: it refused after the handshake's final ACK"},
		"a FIN that was not captured": {func(y *story) {
			y.open()
			y.send(ms, record.Resp, fFIN, 1, 2, 0, []edge{respSeen(record.LastAck)},
				record.Moment{Kind: record.MomentAckedUnseen, End: record.Orig, N: 1}, is(record.MomentFIN, record.Resp))
		}, "acknowledges the FIN of the client, which closed first; that FIN was not captured | the server closes too"},
	} {
		t.Run(name, func(t *testing.T) {
			y := newStory(Options{})
			x.tell(y)
			var said []string
			for _, r := range y.l.figures[0].all() {
				said = append(said, r.Words...)
			}
			if got := strings.Join(said, " | "); !strings.Contains(got, x.want) {
				t.Errorf("got %q, want %q", got, x.want)
			}
		})
	}
}

// What an arrow has no room for stands below it.
func TestNumbersBesideTheArrow(t *testing.T) {
	r := &rung{Told: sentence.Told{Flags: capture.ACK, Seq: 1, Ack: 24617, Arrow: true, Window: record.Some(uint32(2896)), SACK: "sack 26065:27513"}}
	for _, x := range []struct {
		middle        int
		label, beside string
	}{
		{35, "ACK seq=1 ack=24617", "win=2896 sack 26065:27513"},
		{64, "ACK seq=1 ack=24617 win=2896 sack 26065:27513", ""},
	} {
		d := &drawing{middle: x.middle}
		if label, beside := d.texts(r); label != x.label || beside != x.beside {
			t.Errorf("%d columns: %q, %q", x.middle, label, beside)
		}
	}
}

// A long time without a packet has a row of its own; short ones, and those that are many, have none.
func TestSilences(t *testing.T) {
	rows := func(at ...int64) (told []string) {
		var all []rung
		for i, s := range at {
			all = append(all, rung{Told: sentence.Told{Packet: uint64(i + 1), Time: s}})
		}
		d := &drawing{f: &figure{}}
		for _, r := range withSilences(all) {
			if r.step() {
				told = append(told, strconv.FormatUint(r.Packet, 10))
			} else {
				told = append(told, d.gapWords(&r))
			}
		}
		return told
	}
	for _, x := range []struct {
		at   []int64
		want string
	}{
		{[]int64{5 * s1, 5*s1 + ms, 268*s1 + ms, 269 * s1}, "1, 2, 4 min 23 s without a packet, 3, 4"},
		{[]int64{0, s1 - 1}, "1, 2"},
		{[]int64{0, s1}, "1, 1 s without a packet, 2"},
		{[]int64{0, 7200 * s1, 7275 * s1, 7350 * s1}, "1, 2 h without a packet, 2, 3, 4"},
		{nil, ""},
	} {
		if got := strings.Join(rows(x.at...), ", "); got != x.want {
			t.Errorf("%v: %s, want %s", x.at, got, x.want)
		}
	}
	all := []rung{{Told: sentence.Told{Packet: 1, Time: 0}}, {gap: &gap{packets: 9, start: s1 / 2, end: 3 * s1}}, {Told: sentence.Told{Time: 63 * s1}}, {Told: sentence.Told{Packet: 11, Time: 65 * s1}}, {Told: sentence.Told{Packet: 12, Untimed: true}}}
	got := withSilences(all)
	if len(got) != 6 || got[3].silence != 62*s1 { // a timer is no packet
		t.Errorf("%+v", got)
	}
}
