package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"tcpwatch/capture"
	"tcpwatch/tracker"
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
	now    [2]tracker.State
	proof  [2]tracker.Proof
	record tracker.Record
}

func newStory(o LadderOptions) *story {
	y := &story{l: NewLadder(o), now: [2]tracker.State{tracker.Closed, tracker.Listen}, record: liveRecord()}
	y.record.ID = 1
	y.record.Open.Felt = tracker.Some(int64(320_000))
	return y
}

// edge is what a packet does to one end.
type edge struct {
	end   tracker.End
	to    tracker.State
	proof tracker.Proof
}

func origSeen(s tracker.State) edge { return edge{tracker.Orig, s, tracker.Seen} }
func respSeen(s tracker.State) edge { return edge{tracker.Resp, s, tracker.Seen} }
func origExp(s tracker.State) edge  { return edge{tracker.Orig, s, tracker.Expected} }
func respExp(s tracker.State) edge  { return edge{tracker.Resp, s, tracker.Expected} }

func (y *story) step(at int64, edges []edge, moments []tracker.Moment) *tracker.Step {
	st := &tracker.Step{Conn: 1, Orig: y.record.Orig, Resp: y.record.Resp, Time: testStart + at, Before: y.now, Moments: moments}
	for _, e := range edges {
		y.now[e.end], y.proof[e.end] = e.to, e.proof
	}
	st.After, st.AfterProof = y.now, y.proof
	return st
}

func (y *story) send(at int64, from tracker.End, flags capture.Flags, seq, ack, length uint32, edges []edge, moments ...tracker.Moment) {
	y.packet++
	st := y.step(at, edges, moments)
	st.From, st.RelSeq, st.RelAck = from, seq, ack
	st.Segment = &capture.Segment{Packet: y.packet, Time: st.Time, Flags: flags, Len: length, Window: 501}
	for i := range moments {
		if k := moments[i].Kind; k == tracker.MomentZeroWindow || k == tracker.MomentWindowProbe && from == tracker.Resp {
			st.Segment.Window = 0
		}
	}
	y.l.Step(st)
}

func (y *story) passed(at int64, edges ...edge) { y.l.Step(y.step(at, edges, nil)) }

func is(kind tracker.MomentKind, end tracker.End) tracker.Moment {
	return tracker.Moment{Kind: kind, End: end}
}

// open is a handshake without trouble.
func (y *story) open() {
	y.send(0, tracker.Orig, fSYN, 0, 0, 0, []edge{origSeen(tracker.SynSent), respExp(tracker.SynReceived)})
	y.send(ms/10, tracker.Resp, fSA, 0, 1, 0, []edge{origExp(tracker.Established), respSeen(tracker.SynReceived)})
	y.send(ms/5, tracker.Orig, fACK, 1, 1, 0, []edge{origSeen(tracker.Established), respExp(tracker.Established)},
		tracker.Moment{Kind: tracker.MomentEstablished, Span: ms / 5, N: 1, M: 1})
}

// request is a request and its answer, each acknowledged.
func (y *story) request(at int64) {
	y.send(at, tracker.Orig, fPSH, 1, 1, 78, nil)
	y.send(at+ms, tracker.Resp, fPSH, 1, 79, 1200, []edge{respSeen(tracker.Established)})
	y.send(at+ms+ms/10, tracker.Orig, fACK, 79, 1201, 0, nil)
}

// close3 is a close of three segments by the client.
func (y *story) close3(at int64) {
	y.send(at, tracker.Orig, fFIN, 79, 1201, 0, []edge{origSeen(tracker.FinWait1), respExp(tracker.CloseWait)}, is(tracker.MomentFIN, tracker.Orig))
	y.send(at+ms, tracker.Resp, fFIN, 1201, 80, 0, []edge{origExp(tracker.TimeWait), respSeen(tracker.LastAck)},
		is(tracker.MomentFINAcked, tracker.Orig), is(tracker.MomentFIN, tracker.Resp))
	y.send(at+2*ms, tracker.Orig, fACK, 80, 1202, 0, []edge{origSeen(tracker.TimeWait), respExp(tracker.Closed)},
		is(tracker.MomentFINAcked, tracker.Resp), tracker.Moment{Kind: tracker.MomentClosed, Span: 2 * ms, N: 3},
		tracker.Moment{Kind: tracker.MomentTimeWait, End: tracker.Orig, Span: 60 * s1})
	y.record.Close = tracker.CloseRecord{Kind: tracker.CloseNormal, First: tracker.Orig, Segments: 3, ResetBy: tracker.NoEnd}
	y.record.TimeWait = tracker.TimeWaitRecord{Holder: tracker.Orig, Since: testStart + at + 2*ms, Until: testStart + at + 2*ms + 60*s1, EndedBy: tracker.TimeWait2MSL}
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
		y.passed(60*s1+12*ms, origSeen(tracker.Closed))
	},
	"syn-lost": func(y *story) {
		y.send(0, tracker.Orig, fSYN, 0, 0, 0, []edge{origSeen(tracker.SynSent), respExp(tracker.SynReceived)})
		y.send(1003*ms, tracker.Orig, fSYN, 0, 0, 0, []edge{respExp(tracker.SynReceived)},
			tracker.Moment{Kind: tracker.MomentSYNAgain, End: tracker.Orig, N: 1, Since: 1003 * ms, Ref: 1})
		y.send(1003*ms+ms/10, tracker.Resp, fSA, 0, 1, 0, []edge{origExp(tracker.Established), respSeen(tracker.SynReceived)})
		y.send(1003*ms+ms/5, tracker.Orig, fACK, 1, 1, 0, []edge{origSeen(tracker.Established), respExp(tracker.Established)},
			tracker.Moment{Kind: tracker.MomentEstablished, Span: 1003*ms + ms/5, N: 2, M: 1})
		y.record.Open.SYNs = 2
		y.record.Open.Felt = tracker.Some(1003*ms + ms/5)
		y.record.Open.LastSYN = tracker.Some(ms / 5)
		y.record.Open.Resp, y.record.Open.Orig = tracker.Some(ms/10), tracker.Some(ms/10)
		y.record.Close.Kind = tracker.CloseOpen
	},
	"synack-lost": func(y *story) {
		y.send(0, tracker.Orig, fSYN, 0, 0, 0, []edge{origSeen(tracker.SynSent), respExp(tracker.SynReceived)})
		y.send(ms/10, tracker.Resp, fSA, 0, 1, 0, []edge{origExp(tracker.Established), respSeen(tracker.SynReceived)})
		y.send(1001*ms, tracker.Orig, fSYN, 0, 0, 0, []edge{origSeen(tracker.SynSent)},
			tracker.Moment{Kind: tracker.MomentRetracted, End: tracker.Orig, From: tracker.Established, To: tracker.SynSent},
			tracker.Moment{Kind: tracker.MomentSYNAgain, End: tracker.Orig, N: 1, Since: 1001 * ms, Ref: 1})
		y.send(1001*ms+ms/10, tracker.Resp, fSA, 0, 1, 0, []edge{origExp(tracker.Established)},
			tracker.Moment{Kind: tracker.MomentSYNACKAgain, End: tracker.Resp, N: 1, Since: 1001 * ms, Ref: 2})
		y.send(1001*ms+ms/5, tracker.Orig, fACK, 1, 1, 0, []edge{origSeen(tracker.Established), respExp(tracker.Established)},
			tracker.Moment{Kind: tracker.MomentEstablished, Span: 1001*ms + ms/5, N: 2, M: 2})
	},
	"third-ack-lost": func(y *story) {
		y.open()
		y.send(1001*ms, tracker.Resp, fSA, 0, 1, 0, []edge{respSeen(tracker.SynReceived)},
			tracker.Moment{Kind: tracker.MomentRetracted, End: tracker.Resp, From: tracker.Established, To: tracker.SynReceived},
			tracker.Moment{Kind: tracker.MomentSYNACKAgain, End: tracker.Resp, N: 1, Since: 1001 * ms, Ref: 2, ThirdACKSeen: true})
		y.send(1001*ms+ms/10, tracker.Orig, fACK, 1, 1, 0, []edge{respExp(tracker.Established)})
		y.request(1500 * ms)
	},
	"half-close": func(y *story) {
		y.open()
		y.request(2 * ms)
		y.send(10*ms, tracker.Orig, fFIN, 79, 1201, 0, []edge{origSeen(tracker.FinWait1), respExp(tracker.CloseWait)}, is(tracker.MomentFIN, tracker.Orig))
		y.send(50*ms, tracker.Resp, fACK, 1201, 80, 0, []edge{origExp(tracker.FinWait2), respSeen(tracker.CloseWait)}, is(tracker.MomentFINAcked, tracker.Orig))
		for i := range 3 {
			y.send(100*ms+int64(i)*ms, tracker.Resp, fPSH, 1201+uint32(i)*1448, 80, 1448, nil, tracker.Moment{Kind: tracker.MomentHalfCloseData, End: tracker.Resp, N: 1448})
		}
		y.send(103*ms, tracker.Orig, fACK, 80, 5545, 0, []edge{origSeen(tracker.FinWait2)})
		y.send(200*ms, tracker.Resp, fFIN, 5545, 80, 0, []edge{origExp(tracker.TimeWait), respSeen(tracker.LastAck)}, is(tracker.MomentFIN, tracker.Resp))
		y.send(201*ms, tracker.Orig, fACK, 80, 5546, 0, []edge{origSeen(tracker.TimeWait), respExp(tracker.Closed)},
			is(tracker.MomentFINAcked, tracker.Resp), tracker.Moment{Kind: tracker.MomentClosed, Span: 191 * ms, N: 4},
			tracker.Moment{Kind: tracker.MomentTimeWait, End: tracker.Orig, Span: 60 * s1})
	},
	"last-ack-lost": func(y *story) {
		y.open()
		y.request(2 * ms)
		y.close3(10 * ms)
		y.send(217*ms, tracker.Resp, fFIN, 1201, 80, 0, []edge{respSeen(tracker.LastAck)},
			tracker.Moment{Kind: tracker.MomentRetracted, End: tracker.Resp, From: tracker.Closed, To: tracker.LastAck},
			tracker.Moment{Kind: tracker.MomentFINAgain, End: tracker.Resp, N: 1, Since: 206 * ms, Ref: 8},
			is(tracker.MomentLastACKLost, tracker.Resp), is(tracker.MomentTimeWaitRestart, tracker.Orig))
		y.send(218*ms, tracker.Orig, fACK, 80, 1202, 0, []edge{respExp(tracker.Closed)})
		y.record.TimeWait.Restarts = 1
	},
	"simultaneous-open": func(y *story) {
		y.now = [2]tracker.State{tracker.Closed, tracker.Closed}
		y.send(0, tracker.Orig, fSYN, 0, 0, 0, []edge{origSeen(tracker.SynSent)})
		y.send(ms/10, tracker.Resp, fSYN, 0, 0, 0, []edge{origExp(tracker.SynReceived), respSeen(tracker.SynSent)}, is(tracker.MomentSimultaneousOpen, tracker.Both))
		y.send(ms, tracker.Orig, fSA, 0, 1, 0, []edge{origSeen(tracker.SynReceived), respExp(tracker.Established)})
		y.send(ms+ms/10, tracker.Resp, fSA, 0, 1, 0, []edge{origExp(tracker.Established), respSeen(tracker.Established)},
			tracker.Moment{Kind: tracker.MomentEstablished, Span: ms, N: 1, M: 1})
	},
	"simultaneous-close": func(y *story) {
		y.open()
		y.request(2 * ms)
		y.send(10*ms, tracker.Orig, fFIN, 79, 1201, 0, []edge{origSeen(tracker.FinWait1), respExp(tracker.CloseWait)}, is(tracker.MomentFIN, tracker.Orig))
		y.send(10*ms+ms/20, tracker.Resp, fFIN, 1201, 79, 0, []edge{origExp(tracker.Closing), respSeen(tracker.FinWait1)},
			tracker.Moment{Kind: tracker.MomentRetracted, End: tracker.Resp, From: tracker.CloseWait, To: tracker.Established},
			is(tracker.MomentFIN, tracker.Resp), is(tracker.MomentSimultaneousClose, tracker.Both))
		y.send(11*ms, tracker.Orig, fACK, 80, 1202, 0, []edge{origSeen(tracker.Closing), respExp(tracker.TimeWait)}, is(tracker.MomentFINAcked, tracker.Resp))
		y.send(11*ms+ms/10, tracker.Resp, fACK, 1202, 80, 0, []edge{origExp(tracker.TimeWait), respSeen(tracker.TimeWait)},
			is(tracker.MomentFINAcked, tracker.Orig), tracker.Moment{Kind: tracker.MomentClosed, Span: ms, N: 4},
			tracker.Moment{Kind: tracker.MomentTimeWait, End: tracker.Both, Span: 60 * s1})
	},
	"refused": func(y *story) {
		y.now[1] = tracker.Closed
		y.send(0, tracker.Orig, fSYN, 0, 0, 0, []edge{origSeen(tracker.SynSent)})
		y.send(ms/10, tracker.Resp, fRST, 0, 1, 0, []edge{origExp(tracker.Closed)}, is(tracker.MomentRefused, tracker.Resp))
		y.record.Open = tracker.OpenRecord{Kind: tracker.OpenRefused, SYNs: 1, Waited: tracker.Some(ms / 10)}
		y.record.Close.Kind = tracker.CloseNeverOpened
	},
	"unreachable": func(y *story) {
		y.now[1] = tracker.Unknown
		y.send(0, tracker.Orig, fSYN, 0, 0, 0, []edge{origSeen(tracker.SynSent)})
		y.packet++
		st := y.step(ms, []edge{origExp(tracker.Closed)}, []tracker.Moment{{Kind: tracker.MomentUnreachable, End: tracker.Orig, N: 3, M: 13}})
		st.Quote = &capture.Quote{Packet: y.packet, From: ep4(10, 0, 0, 254, 0).Addr, Src: y.record.Orig, Dst: y.record.Resp, Type: 3, Code: 13}
		y.l.Step(st)
		y.record.Open = tracker.OpenRecord{Kind: tracker.OpenUnreachable, SYNs: 1, Waited: tracker.Some(ms),
			Answer: tracker.Answer{Kind: tracker.AnswerICMP, Type: 3, Code: 13, From: st.Quote.From}}
		y.record.Close.Kind = tracker.CloseNeverOpened
	},
	"keepalive-death": func(y *story) {
		y.open()
		y.request(2 * ms)
		at := 60 * s1
		y.send(at, tracker.Orig, fACK, 78, 1201, 0, nil, tracker.Moment{Kind: tracker.MomentKeepalive, End: tracker.Orig, N: 1, Span: at})
		y.send(at+ms, tracker.Resp, fACK, 1201, 79, 0, nil, tracker.Moment{Kind: tracker.MomentKeepaliveAnswer, End: tracker.Resp, Span: ms})
		for i := range 9 {
			at += 75 * s1
			y.send(at, tracker.Orig, fACK, 78, 1201, 0, nil, tracker.Moment{Kind: tracker.MomentKeepalive, End: tracker.Orig, N: uint64(i + 1), Span: 75 * s1})
		}
		y.send(at+75*s1, tracker.Orig, fRST, 79, 1201, 0, []edge{origSeen(tracker.Closed), respExp(tracker.Closed)},
			tracker.Moment{Kind: tracker.MomentKeepaliveDead, End: tracker.Orig, N: 9},
			tracker.Moment{Kind: tracker.MomentReset, End: tracker.Orig, Reset: tracker.ResetKeepaliveDead})
		y.record.Keepalive[0] = tracker.KeepaliveRecord{Probes: 10, Answered: 1, Unanswered: 9, Idle: tracker.Some(60 * s1), Interval: tracker.Some(75 * s1)}
		y.record.KeepaliveOutcome = tracker.KeepaliveDead
		y.record.Close = tracker.CloseRecord{Kind: tracker.CloseReset, First: tracker.NoEnd, ResetBy: tracker.Orig, ResetIn: tracker.Established, ResetCause: tracker.ResetKeepaliveDead}
	},
	"zero-window": func(y *story) {
		y.open()
		y.send(2*ms, tracker.Orig, fPSH, 1, 1, 65160, []edge{})
		y.send(3*ms, tracker.Resp, fACK, 1, 65161, 0, []edge{respSeen(tracker.Established)}, is(tracker.MomentZeroWindow, tracker.Resp))
		for i, gap := range []int64{200, 600, 1400} {
			y.send(gap*ms, tracker.Orig, fACK, 65160, 1, 0, nil, tracker.Moment{Kind: tracker.MomentWindowProbe, End: tracker.Orig, N: uint64(i + 1)})
		}
		y.send(2000*ms, tracker.Resp, fACK, 1, 65161, 0, nil, tracker.Moment{Kind: tracker.MomentZeroWindowEnd, End: tracker.Resp, Span: 1997 * ms})
	},
	"reset": func(y *story) {
		y.open()
		y.request(2 * ms)
		y.send(10*ms, tracker.Orig, fFIN, 79, 1201, 0, []edge{origSeen(tracker.FinWait1), respExp(tracker.CloseWait)}, is(tracker.MomentFIN, tracker.Orig))
		y.send(11*ms, tracker.Resp, fRST, 1201, 80, 0, []edge{origExp(tracker.Closed), respSeen(tracker.Closed)},
			tracker.Moment{Kind: tracker.MomentReset, End: tracker.Resp, Reset: tracker.ResetUnreadData})
		y.record.Close = tracker.CloseRecord{Kind: tracker.CloseReset, First: tracker.Orig, ResetBy: tracker.Resp, ResetIn: tracker.CloseWait, ResetCause: tracker.ResetUnreadData}
	},
	"bulk": func(y *story) {
		y.open()
		seq := uint32(1)
		for i := range 500 {
			at := 10*ms + int64(i)*ms
			var m []tracker.Moment
			if i == 250 {
				m = []tracker.Moment{{Kind: tracker.MomentRetransmission, End: tracker.Resp, N: 1448, Since: 204 * ms, Ref: 99}}
			}
			y.send(at, tracker.Resp, fPSH, seq, 1, 1448, []edge{respSeen(tracker.Established)}, m...)
			seq += 1448
			y.send(at+ms/2, tracker.Orig, fACK, 1, seq, 0, nil)
		}
		y.close3(600 * ms)
	},
	"midstream": func(y *story) {
		y.now = [2]tracker.State{}
		imp := func(e tracker.End) edge { return edge{e, tracker.Established, tracker.Implied} }
		y.send(0, tracker.Orig, fPSH, 0, 0, 100, []edge{imp(tracker.Orig), imp(tracker.Resp)}, is(tracker.MomentMidstream, tracker.Orig))
		y.send(ms, tracker.Resp, fACK, 0, 100, 0, []edge{respSeen(tracker.Established)})
		y.record.Open = tracker.OpenRecord{Kind: tracker.OpenMidstream}
		y.record.Capture.Midstream = true
	},
}

func TestLadder(t *testing.T) {
	variants := map[string]LadderOptions{"": {}, "-wide": {Width: 120}, "-ascii": {ASCII: true}}
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
				if err := y.l.Write(&b); err != nil {
					t.Fatal(err)
				}
				golden := filepath.Join("testdata", "ladder", name+suffix+".txt")
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
	syn := func(y *story, since int64, m tracker.Moment) {
		y.send(0, tracker.Orig, fSYN, 0, 0, 0, []edge{origSeen(tracker.SynSent)}, tracker.Moment{Kind: tracker.MomentReusedTuple, Ref: 3})
		m.Kind, m.End, m.N, m.Since, m.Ref = tracker.MomentSYNAgain, tracker.Orig, 1, since, 1
		y.send(since, tracker.Orig, fSYN, 0, 0, 0, nil, m)
	}
	for name, x := range map[string]struct {
		tell func(y *story)
		want string
	}{
		"an old connection answered": {func(y *story) { syn(y, 13*ms, tracker.Moment{M: 11, To: tracker.Closed}) },
			"the server still held the old connection #3 and answered with its ACK (packet 11); the client reset that one"},
		"too soon":  {func(y *story) { syn(y, 13*ms, tracker.Moment{}) }, "too soon to mean a loss"},
		"no answer": {func(y *story) { syn(y, 1003*ms, tracker.Moment{}) }, "no answer had come"},
		"a box between": {func(y *story) {
			y.open()
			y.send(ms, tracker.Resp, capture.RST, 1, 0, 0, nil,
				tracker.Moment{Kind: tracker.MomentReset, End: tracker.Resp, From: tracker.Established, Reset: tracker.ResetMiddlebox})
		}, "by a box between the two ends, in the name of the server: TTL"},
		"refused after the third ACK": {func(y *story) {
			y.open()
			y.send(ms, tracker.Resp, capture.RST, 1, 0, 0, nil,
				tracker.Moment{Kind: tracker.MomentReset, End: tracker.Resp, From: tracker.SynReceived, Reset: tracker.ResetUnknown})
		}, "reset by the server in SYN-RECEIVED: it refused after the third ACK"},
		"a FIN that was not captured": {func(y *story) {
			y.open()
			y.send(ms, tracker.Resp, fFIN, 1, 2, 0, []edge{respSeen(tracker.LastAck)},
				tracker.Moment{Kind: tracker.MomentAckedUnseen, End: tracker.Orig, N: 1}, is(tracker.MomentFIN, tracker.Resp))
		}, "acknowledges the FIN of the client, which closed first; the capture never saw that FIN | the server closes too"},
	} {
		t.Run(name, func(t *testing.T) {
			y := newStory(LadderOptions{})
			x.tell(y)
			var said []string
			for _, r := range y.l.figures[0].all() {
				said = append(said, r.words...)
			}
			if got := strings.Join(said, " | "); !strings.Contains(got, x.want) {
				t.Errorf("got %q, want %q", got, x.want)
			}
		})
	}
}
