package parquet

import (
	"errors"
	"fmt"
	"sync"

	"tcpwatch/internal/say"
	"tcpwatch/internal/store"
	"tcpwatch/report"
)

// sending counts what was sent to a store that nobody waits for, and what was not, in connections.
type sending struct {
	later store.Later // nil for a store that is waited for

	mu         sync.Mutex
	sent       uint64
	full       uint64 // for which there was no room
	refused    uint64
	unanswered uint64
	gone       map[string]bool // files that are not there
	tables     uint64          // of those without connections
	why        error           // of the last file that was not sent
}

// begin begins a file, which has the connections that rows tells when it has ended.
func (s *sending) begin(to store.Store, name string, rows func() uint64) (store.File, error) {
	if s.later == nil {
		return begin(to, name)
	}
	return s.later.Begin(name, func(err error) { s.ended(name, rows(), err) })
}

// ended notes what became of a file.
func (s *sending) ended(name string, rows uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.sent += rows
		return
	}
	if s.gone == nil {
		s.gone = map[string]bool{}
	}
	s.gone[name], s.why = true, err
	switch {
	case rows == 0:
		s.tables++
	case errors.Is(err, store.ErrUnanswered):
		s.unanswered += rows
	default:
		s.refused += rows
	}
}

// noRoom notes that there was no room for a connection.
func (s *sending) noRoom() {
	s.mu.Lock()
	s.full++
	s.mu.Unlock()
}

// settle waits until all that was written is there, or given up.
func (s *sending) settle() {
	if s.later != nil {
		s.later.Settle()
	}
}

// isGone reports whether a file was given up.
func (s *sending) isGone(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone[name]
}

// Unsent is how many connections were not sent so far; see report.Sender.
func (s *sending) Unsent() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.full + s.refused + s.unanswered
}

// Counts are how many connections were sent, and how many were not, by cause.
func (s *sending) Counts() (sent uint64, unsent []report.Count) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent, []report.Count{{Reason: "queue-full", N: s.full}, {Reason: "refused", N: s.refused}, {Reason: "no-answer", N: s.unanswered}}
}

// told says what was not sent to a place.
func (s *sending) told(to string) []string {
	missing := s.Unsent()
	if missing == 0 && s.tables == 0 {
		return nil
	}
	why := ""
	if s.why != nil {
		why = "; " + s.why.Error()
	}
	if missing == 0 {
		return []string{fmt.Sprintf("%s: findings, sums or stats of the run were not sent%s", to, why)}
	}
	text := fmt.Sprintf("%s: %s of %s not sent:", to, say.Thousands(missing), say.Plural(missing+s.sent, "connection"))
	sep := " "
	for _, c := range []struct {
		n    uint64
		what string
	}{{s.full, "had no room in the queue"}, {s.unanswered, "got no answer"}, {s.refused, "were refused"}} {
		if c.n > 0 {
			text, sep = text+sep+say.Thousands(c.n)+" "+c.what, ", "
		}
	}
	return []string{text + why}
}
