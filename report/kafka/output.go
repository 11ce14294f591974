package kafka

import (
	"time"

	"tcpwatch/report"
	"tcpwatch/report/schema"
	"tcpwatch/report/watch"
	"tcpwatch/tracker/record"
)

// Options are those of an Output.
type Options struct {
	Records  schema.Options
	Version  string        // of this program
	Live     bool          // it is a live capture, which waits for nobody
	Interval time.Duration // live: of packet time between stats; 0: none
	Now      func() time.Time
	Place    string // where the packets were captured; "" where nobody is to know
	Memory   int64  // what may be held of what waits, in bytes; MostWaiting where 0
}

// Output sends what a run finds.
type Output interface {
	record.Parallel
	report.Reporter
	report.Sender
	// Told says, in lines, what was not sent.
	Told() []string
	// Counts are what was sent, and what was not, by cause.
	Counts() (sent uint64, unsent []report.Count)
}

// ofFiles is the Output of a run over files.
type ofFiles struct {
	*report.JSONL
	*sink
}

// ofLive is that of a live capture.
type ofLive struct {
	*watch.JSONL
	*sink
}

// Open asks the brokers whether they are there and have the topic, and returns an Output that sends to it.
func (t *Target) Open(o Options) (Output, error) {
	x := &troubles{t: t}
	client, err := t.client(x, o.Version)
	if err != nil {
		return nil, err
	}
	if err := t.check(client, x); err != nil {
		client.Close()
		return nil, err
	}
	s := newSink(t, client, x, &o)
	if o.Live {
		return &ofLive{watch.NewJSONL(s, o.Records, o.Interval, o.Now), s}, nil
	}
	return &ofFiles{report.NewJSONL(s, o.Records), s}, nil
}

// Finish sends what waits; see record.Output.
func (x *ofFiles) Finish() error { return finish(x.JSONL, x.sink) }

// Finish sends what waits; see record.Output.
func (x *ofLive) Finish() error { return finish(x.JSONL, x.sink) }

// finish ends the lines, then the sink.
func finish(lines record.Output, s *sink) error {
	err := lines.Finish()
	if closed := s.Close(); err == nil {
		err = closed
	}
	return err
}
