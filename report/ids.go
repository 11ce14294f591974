package report

import (
	"strings"

	"tcpwatch/report/sentence"
)

// ids are the three least of the connection ids that were added: examples to
// look at, the same whatever the order.
type ids struct {
	n  int
	id [3]uint64
}

// Items are the ids, in order.
func (s *ids) Items() []uint64 { return s.id[:s.n] }

// Take keeps an id when it is one of the least.
func (s *ids) Take(id uint64) {
	if s.n == len(s.id) && id > s.id[len(s.id)-1] {
		return
	}
	at := 0
	for at < s.n && s.id[at] < id {
		at++
	}
	if at == len(s.id) || at < s.n && s.id[at] == id {
		return
	}
	copy(s.id[at+1:], s.id[at:])
	s.id[at] = id
	s.n = min(s.n+1, len(s.id))
}

// String is "#3, #17".
func (s *ids) String() string {
	var b strings.Builder
	for i, id := range s.id[:s.n] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(sentence.ID(id))
	}
	return b.String()
}
