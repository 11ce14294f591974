package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/schema"
)

// MostWaiting is what may wait to be sent, in bytes.
const MostWaiting = 32 << 20

// Limits of waiting.
const (
	overhead  = 512              // what a waiting record takes besides its text, about, in bytes
	patience  = 30 * time.Second // of a file, since the brokers took something last
	lastOfAll = 10 * time.Second // at the end of a live capture, and of a file since the brokers took something last
)

// The headers of a record.
const (
	typeHeader   = "type"  // conn, finding or stats
	placeHeader  = "place" // where the packets were captured
	schemaHeader = "schema"
)

// sink sends lines of JSON to a topic. A live capture waits for nothing.
type sink struct {
	t        *Target
	client   *kgo.Client
	troubles *troubles
	live     bool
	place    string
	most     int64
	atEnd    time.Duration // lastOfAll
	rest     []byte        // of a line that is not whole yet

	waiting atomic.Int64 // bytes that are not answered
	sent    atomic.Uint64
	full    atomic.Uint64 // records for which there was no room
	refused atomic.Uint64 // by the brokers
	unheard atomic.Uint64 // that no broker answered, until the client is closed
	taken   atomic.Uint64 // that had room
	closed  atomic.Bool   // what has no answer gets none
	why     atomic.Pointer[string]
	room    chan struct{} // something was answered: there is one
}

// newSink returns a sink that sends by a client.
func newSink(t *Target, client *kgo.Client, x *troubles, o *Options) *sink {
	s := &sink{t: t, client: client, troubles: x, live: o.Live, place: o.Place, most: o.Memory, atEnd: lastOfAll, room: make(chan struct{}, 1)}
	if s.most == 0 {
		s.most = MostWaiting
	}
	return s
}

// Write takes text, and sends the lines in it that are whole.
func (s *sink) Write(b []byte) (int, error) {
	n := len(b)
	for {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		if !whole {
			s.rest = append(s.rest, b...)
			return n, nil
		}
		if len(s.rest) > 0 {
			line = append(s.rest, line...)
			s.rest = s.rest[:0]
		}
		if err := s.put(line); err != nil {
			return 0, err
		}
		b = rest
	}
}

// put sends a line, or has it wait to be sent.
func (s *sink) put(line []byte) error {
	r := s.record(line)
	size := int64(len(r.Key)+len(r.Value)) + overhead
	if s.waiting.Load()+size > s.most {
		if s.live {
			s.full.Add(1)
			return nil
		}
		if err := s.wait(func() bool { return s.waiting.Load()+size <= s.most || s.waiting.Load() == 0 }, patience); err != nil {
			return err
		}
	}
	s.waiting.Add(size)
	s.taken.Add(1)
	s.client.TryProduce(context.Background(), r, func(_ *kgo.Record, err error) { s.answered(size, err) })
	return nil
}

// answered counts what became of a record.
func (s *sink) answered(size int64, err error) {
	s.waiting.Add(-size)
	var answer *kerr.Error
	switch {
	case err == nil:
		s.sent.Add(1)
	case errors.As(err, &answer):
		s.refused.Add(1)
		s.why.Store(new(s.t.plain(err)))
	default:
		s.unheard.Add(1)
		if !errors.Is(err, kgo.ErrClientClosed) {
			s.why.Store(new(s.t.plain(err)))
		}
	}
	select {
	case s.room <- struct{}{}:
	default:
	}
}

// wait waits until something is so, for a while since a broker took something last.
func (s *sink) wait(until func() bool, patience time.Duration) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	for !until() {
		select {
		case <-s.room:
			late.Reset(patience)
		case <-late.C:
			return fmt.Errorf("%s: the brokers took nothing for %s%s", s.t.Address, say.Duration(int64(patience), true), s.because())
		}
	}
	return nil
}

// because is what is known of why.
func (s *sink) because() string {
	if text := s.troubles.text(); text != "" {
		return "; " + text
	}
	if text := s.why.Load(); text != nil {
		return "; " + *text
	}
	return ""
}

// record is the record of a line, which is borrowed.
func (s *sink) record(line []byte) *kgo.Record {
	line = bytes.Clone(line)
	kind := valueOf(line, "type")
	r := &kgo.Record{Value: line, Headers: []kgo.RecordHeader{{Key: typeHeader, Value: kind}, {Key: schemaHeader, Value: []byte(fmt.Sprint(schema.Version))}}}
	if s.place != "" {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: placeHeader, Value: []byte(s.place)})
	}
	switch string(kind) {
	case "conn":
		r.Key = valueOf(line, "uid")
	case "finding":
		r.Key = append([]byte(s.place+" "), valueOf(line, "id")...)
	default:
		r.Key = []byte(s.place)
	}
	return r
}

// valueOf is the first text of a name in an object, as it stands there. No text of another field can
// look like that: quotes in it are escaped.
func valueOf(line []byte, name string) []byte {
	_, rest, found := bytes.Cut(line, []byte(`"`+name+`":"`))
	if !found {
		return nil
	}
	text, _, _ := bytes.Cut(rest, []byte{'"'})
	return text
}

// Close sends what waits, for a while, and ends. Of a file it is an error when the brokers did not take all.
func (s *sink) Close() (err error) {
	if s.live {
		ctx, cancel := context.WithTimeout(context.Background(), s.atEnd)
		s.client.Flush(ctx) // what is left then is counted
		cancel()
	} else {
		flushed, cancel := context.WithCancel(context.Background())
		go s.client.Flush(flushed)
		err = s.wait(func() bool { return s.waiting.Load() == 0 }, s.atEnd)
		cancel()
	}
	s.client.Close()
	s.closed.Store(true)
	return err
}

// unanswered is how many records no broker answered.
func (s *sink) unanswered() uint64 {
	if s.closed.Load() {
		return s.taken.Load() - s.sent.Load() - s.refused.Load()
	}
	return s.unheard.Load()
}

// Unsent is how many records were not sent so far; see report.Sender.
func (s *sink) Unsent() uint64 { return s.full.Load() + s.refused.Load() + s.unanswered() }

// Counts are what was sent, and what was not, by cause.
func (s *sink) Counts() (sent uint64, unsent []report.Count) {
	return s.sent.Load(), []report.Count{{Reason: "queue-full", N: s.full.Load()}, {Reason: "refused", N: s.refused.Load()}, {Reason: "no-answer", N: s.unanswered()}}
}

// Told says what was not sent.
func (s *sink) Told() []string {
	missing := s.Unsent()
	if missing == 0 {
		return nil
	}
	text := fmt.Sprintf("%s: %s of %s not sent:", s.t.Address, say.Thousands(missing), say.Plural(missing+s.sent.Load(), "record"))
	sep := " "
	for _, c := range []struct {
		n    uint64
		what string
	}{{s.full.Load(), "had no room in the queue"}, {s.unanswered(), "got no answer"}, {s.refused.Load(), "were refused"}} {
		if c.n > 0 {
			text, sep = text+sep+say.Thousands(c.n)+" "+c.what, ", "
		}
	}
	return []string{text + s.because()}
}
