package parquet

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/internal/store"
	"tcpwatch/internal/storetest"
	"tcpwatch/report"
	"tcpwatch/report/schema"
)

// later is a store that sends nothing before it is asked to settle, and is full for a while.
type later struct {
	*storetest.Memory
	full    bool
	fate    func(name string) error
	waits   []func()
	refuses bool
	reads   int
}

// sent is a file of it.
type sent struct {
	store.File
	in    *later
	name  string
	ended func(error)
}

func (l *later) Full() bool { return l.full }

func (l *later) Begin(name string, ended func(error)) (store.Sent, error) {
	f, err := l.Memory.Create(name)
	return &sent{f, l, name, ended}, err
}

func (l *later) Settle() {
	for _, f := range l.waits {
		f()
	}
	l.waits = nil
}

func (l *later) Open(name string) (store.Object, error) {
	l.reads++
	return l.Memory.Open(name)
}

func (l *later) List(folder string) ([]store.Entry, error) {
	l.reads++
	return l.Memory.List(folder)
}

func (s *sent) Failed() bool { return s.in.refuses }

func (s *sent) Whole() error {
	s.in.waits = append(s.in.waits, func() {
		err := s.in.fate(s.name)
		if err != nil {
			s.File.Undo()
		} else if err = s.File.Whole(); err != nil {
			panic(err)
		}
		s.ended(err)
	})
	return nil
}

// What a live capture cannot send is counted by its cause, in the stats too, which list what is there; the
// store is asked for nothing.
func TestUnsent(t *testing.T) {
	lost := errors.New("access denied")
	to := &later{Memory: storetest.New(), fate: func(name string) error {
		switch n, _ := ParseName(name); {
		case n.Table == Connections && n.Part == 2:
			return lost
		case n.Table == Connections && n.Part == 3:
			return store.ErrUnanswered
		}
		return nil
	}}
	out := New(to, Options{PartRows: 10, Called: "s3://b/x"})
	part := out.Part()
	s := report.NewSummary(report.SummaryOptions{})
	for i, r := range recordtest.Random(1, 40, 5) {
		c := *r
		c.Start, c.End = recordtest.Start, recordtest.Start+1 // one date
		to.full = i >= 35
		if err := out.Lines(part.AppendConn(nil, &c)); err != nil {
			t.Fatal(err)
		}
	}
	to.full = false
	if err := errors.Join(out.Report(&report.Headline{Unsent: 5}, s), out.Finish()); err != nil {
		t.Fatal(err)
	}
	sent, unsent := out.Counts()
	want := []report.Count{{Reason: "queue-full", N: 5}, {Reason: "refused", N: 10}, {Reason: "no-answer", N: 10}}
	if sent != 15 || !reflect.DeepEqual(unsent, want) || out.Unsent() != 25 {
		t.Error(sent, unsent)
	}
	if got := out.Told(); len(got) != 1 || !strings.HasPrefix(got[0], "s3://b/x: 25 of 40 connections not sent: 5 had no room in the queue, 10 got no answer, 10 were refused; ") {
		t.Error(got)
	}
	if to.reads != 0 {
		t.Errorf("%d reads", to.reads)
	}
	for _, name := range to.Names() {
		if n, _ := ParseName(name); n.Table != Stats {
			continue
		}
		x, err := ReadStats(to.Memory, name)
		if err != nil {
			t.Fatal(err)
		}
		if len(x.Parts) != 2 || x.Parts[0].Rows+x.Parts[1].Rows != 15 || !strings.Contains(string(x.Line), `"unsent":25,`) {
			t.Error(x.Parts, string(x.Line))
		}
	}
	if lines := readAll(t, schema.Options{}, to.Memory); len(lines) != 35 {
		t.Error(len(lines)) // with those between that are missing
	}
}

// A file that the store refuses is ended, so that what comes later has another.
func TestRefusedFileEnds(t *testing.T) {
	to := &later{Memory: storetest.New(), refuses: true, fate: func(string) error { return errors.New("no") }}
	out := New(to, Options{Called: "s3://b/x"})
	for _, r := range recordtest.Random(1, 3, 5) {
		if err := out.Lines(out.Part().AppendConn(nil, r)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(out.Report(&report.Headline{}, report.NewSummary(report.SummaryOptions{})), out.Finish()); err != nil {
		t.Fatal(err)
	}
	if out.numbers != 3 || out.Unsent() != 3 || len(to.Files())+len(to.Unfinished()) != 0 {
		t.Error(out.numbers, out.Unsent(), to.Names(), to.Unfinished())
	}
}

// Versions are numbers.
func TestNewer(t *testing.T) {
	for _, tt := range []struct {
		version string
		known   int
		want    bool
	}{{"9", 10, false}, {"10", 9, true}, {"10", 10, false}, {"1", 2, false}, {"x", 1, true}} {
		if got := newer(tt.version, tt.known); got != tt.want {
			t.Errorf("%s of %d: %t", tt.version, tt.known, got)
		}
	}
}
