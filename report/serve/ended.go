package serve

import (
	"sync"

	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// endedKept is how many connections that are over are kept for lists, in all: those that ended
// last. What is summed up of the others stays.
const endedKept = 8192

// ended are the connections that are over, by worker.
type ended struct {
	parts []*endedPart
}

// endedPart are those of one worker, in a ring.
type endedPart struct {
	mu   sync.Mutex
	most *ended // whose parts share what is kept
	ring []record.Record
	n    uint64 // how many there were
}

// Part is a worker's; see record.Parallel. It writes nothing: it keeps what is over.
func (s *Server) Part() record.Part {
	p := &endedPart{most: &s.ended}
	s.ended.parts = append(s.ended.parts, p)
	return p
}

// Lines is handed nothing; see record.Parallel.
func (s *Server) Lines([]byte) error { return nil }

// AppendConn keeps a copy of a connection that is over.
func (p *endedPart) AppendConn(b []byte, r *record.Record) []byte {
	if r.Interim {
		return b
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	most := max(endedKept/len(p.most.parts), 1)
	if len(p.ring) < most {
		p.ring = append(p.ring, record.Record{})
	}
	report.CopyRecord(&p.ring[p.n%uint64(most)], r)
	p.n++
	return b
}

// AppendEvent does nothing; see record.Part.
func (p *endedPart) AppendEvent(b []byte, _ *record.Event) []byte { return b }

// copiedAtOnce is how many of them are copied while a worker may have to wait.
const copiedAtOnce = 64

// each hands on those that are kept, copies that are good until take returns; and how many there
// were in all.
func (e *ended) each(take func(r *record.Record)) (all uint64) {
	var some [copiedAtOnce]record.Record
	for _, p := range e.parts {
		for from, n := 0, copiedAtOnce; n == copiedAtOnce; from += n {
			p.mu.Lock()
			n = copy(some[:], p.ring[min(from, len(p.ring)):])
			if from == 0 {
				all += p.n
			}
			p.mu.Unlock()
			for i := range some[:n] {
				take(&some[i])
			}
		}
	}
	return all
}
