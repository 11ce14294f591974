package report

import (
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// textOf is what the tables print, on one line.
func textOf(t *testing.T, reports []string, records ...*record.Record) string {
	t.Helper()
	text := tablesOf(t, summaryOf(SummaryOptions{}, records), headlineOf(records), TableOptions{Width: 100, Reports: reports})
	return strings.Join(strings.Fields(text), " ")
}

// wants fails where a text lacks what it should say, or says what it should not.
func wants(t *testing.T, text string, has, lacks []string) {
	t.Helper()
	for _, s := range has {
		if !strings.Contains(text, s) {
			t.Errorf("%q is not in:\n%s", s, text)
		}
	}
	for _, s := range lacks {
		if strings.Contains(text, s) {
			t.Errorf("%q is in:\n%s", s, text)
		}
	}
}

// A SYN that an older connection answered was not lost, whether the capture has
// that connection or not; of the others the time of the first repeat is told.
func TestRepeatedSYNs(t *testing.T) {
	old := recordtest.MadeUp(1, "10.0.0.1:40000", "10.0.0.2:443")
	old.Open.SYNs, old.Open.OldUnseen, old.Open.OldReset = 2, true, true
	old.Open.NSYNsAgain, old.Open.SYNsAgain[0] = 1, 3000
	text := textOf(t, []string{"handshakes"}, old)
	wants(t, text, []string{"The server still had an old connection on the same ports when the SYN came, 1 time (#1)"}, []string{"one of them was lost", "first repeat"})
	wants(t, sentence.Phrases{}.OpenSummary(old), []string{"2 SYNs: the server still had an older connection"}, []string{"lost"})
	a, b := recordtest.MadeUp(2, "10.0.0.1:40001", "10.0.0.2:443"), recordtest.MadeUp(3, "10.0.0.1:40002", "10.0.0.2:443")
	a.Open.SYNs, a.Open.NSYNsAgain, a.Open.SYNsAgain[0] = 2, 1, 1000
	b.Open.SYNs, b.Open.NSYNsAgain, b.Open.SYNsAgain[0] = 2, 1, 2500
	wants(t, textOf(t, []string{"handshakes"}, old, a), []string{"The first retransmission of a SYN came after 1 s."}, nil)
	wants(t, textOf(t, []string{"handshakes"}, old, a, b), []string{"The first retransmission of a SYN came after 1 s to 2.5 s."}, nil)
}

// What fell silent did so when data was first sent to it in vain.
func TestSilenceCountsFromTheFirstCopy(t *testing.T) {
	r := recordtest.MadeUp(1, "10.0.0.1:40000", "10.0.0.2:443")
	r.Close = record.CloseRecord{Kind: record.CloseTimedOut, First: record.NoEnd, ResetBy: record.NoEnd}
	r.Ends[record.Orig].Retx = 5
	r.Path[record.Orig].Unacked = r.End - 30e9
	r.Start = r.End - 60e9
	wants(t, textOf(t, []string{"closes"}, r), []string{"of retransmitted data, for 30 s."}, nil)
}

// The tables and the summary of a connection say of a RST what the finding says, and
// an expected state stands in parentheses.
func TestForgottenAndExpected(t *testing.T) {
	r := recordtest.MadeUp(1, "10.0.0.1:40000", "10.0.0.2:443")
	r.States, r.Proven = [2]record.State{record.Closed, record.Closed}, [2]record.State{record.Established, record.Closed}
	r.Close = record.CloseRecord{Kind: record.CloseReset, First: record.NoEnd, ResetBy: record.Resp, ResetIn: record.Established, ResetCause: record.ResetUnknown, ResetPacket: r.LastPacket}
	r.Close.RSTs[record.Resp], r.Close.ResetQuiet = 1, 3e9
	wants(t, textOf(t, []string{"closes"}, r),
		[]string{"no longer knew the connection (RST)", "in ESTABLISHED: it no longer knew the connection", "the client in (CLOSED) and the server in CLOSED"}, []string{"does not show why"})
	wants(t, sentence.Phrases{}.CloseSummary(r), []string{"it no longer knew the connection"}, nil)
	wants(t, sentence.LeftSummary(r), []string{"client (CLOSED), server CLOSED"}, nil)
	r.Close.ResetQuiet = 0
	wants(t, sentence.Phrases{}.CloseSummary(r), []string{"by a RST of the server in ESTABLISHED"}, []string{"unknown", "ESTABLISHED:"})
	wants(t, textOf(t, []string{"closes"}, r), []string{"sent RST in ESTABLISHED.", "its connection does not show why"}, []string{"unknown"})
	r.Close.ResetCause, r.States[record.Orig] = record.ResetAbort, record.TimeWait
	wants(t, textOf(t, []string{"closes"}, r), []string{"had closed loses nothing", "the client in (TIME-WAIT), proven ESTABLISHED,"}, nil)
}

// Ways to close add up: a simultaneous close is none in an unknown number of segments,
// and what else happened is told of those.
func TestCompleteClosesAddUp(t *testing.T) {
	three, both := recordtest.MadeUp(1, "10.0.0.1:40000", "10.0.0.2:443"), recordtest.MadeUp(2, "10.0.0.1:40001", "10.0.0.2:443")
	three.Close.Segments = 3
	both.Close.First, both.Close.Segments = record.Both, 0
	text := textOf(t, []string{"closes"}, three, both)
	wants(t, text, []string{"Complete: 1 in three segments, 1 simultaneous."}, []string{"unknown number"})
	three.Close.BytesAfterFIN = record.Some(uint64(500))
	text = textOf(t, []string{"closes"}, three, both)
	wants(t, text, []string{"1 simultaneous; among them 1 with data after the first FIN (500 B)."}, nil)
}

// The headline and the finding count the same connections as captured one way.
func TestOneWayCounts(t *testing.T) {
	shown, alone := recordtest.MadeUp(1, "10.0.0.1:40000", "10.0.0.2:443"), recordtest.MadeUp(2, "10.0.0.1:40001", "10.0.0.2:443")
	for _, r := range []*record.Record{shown, alone} {
		r.Capture.OneWay = true
		r.Ends[record.Resp] = record.EndRecord{}
	}
	wants(t, textOf(t, []string{EveryReport}, alone), []string{"one way 1 connection: only one end was seen;"}, []string{"only one direction"})
	shown.Capture.OneWayShown = true
	text := textOf(t, []string{EveryReport}, shown, alone)
	wants(t, text, []string{"one way 2 connections: only one direction of 1 was captured, as ACKs show; only one end of 1 was seen;"}, nil)
}
