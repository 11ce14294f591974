package diagnose

import (
	"cmp"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
)

// maxSources is how many of the hosts behind a subject's failures are known.
const maxSources = 4

// sources are hosts and how many connections each has to do with: those with
// the least hashes, complete, and the number of different ones.
type sources struct {
	all   fold.Distinct
	known []source // by hash
}

type source struct {
	Hash uint64
	Addr capture.Addr
	N    uint64
}

func (s *sources) add(a capture.Addr) {
	h := fold.Hash16(a, 0)
	s.all.Add(h)
	s.Take(source{h, a, 1})
}

// Items are the hosts that are known.
func (s *sources) Items() []source { return s.known }

// Take takes in a host and its connections.
func (s *sources) Take(x source) {
	at, found := slices.BinarySearchFunc(s.known, x, func(a, b source) int { return cmp.Compare(a.Hash, b.Hash) })
	switch {
	case found:
		s.known[at].N += x.N
	case at < maxSources:
		s.known = slices.Insert(s.known, at, x)
		s.known = s.known[:min(len(s.known), maxSources)]
	}
}

// Fields walks over what is summed up.
func (s *sources) Fields(w *fold.Walk) {
	s.all.Fields(w)
	fold.Items(w, s)
}

// blameless is how many of n connections do not come from hosts that scan.
func (s *sources) blameless(c *Context, n uint64) uint64 {
	for _, x := range s.known {
		if c.suspects.scanners[x.Addr] {
			n -= min(n, x.N)
		}
	}
	return n
}

// who names the host, or says how many there are.
func (s *sources) who() string {
	if s.all.Count() == 1 && len(s.known) == 1 {
		return s.known[0].Addr.String()
	}
	return about(&s.all, "host")
}
