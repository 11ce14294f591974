package diagnose

import (
	"cmp"
	"slices"

	"tcpwatch/capture"
)

// maxSources is how many of the hosts behind a subject's failures are known.
const maxSources = 4

// sources are hosts and how many connections each has to do with: those with
// the least hashes, complete, and the number of different ones.
type sources struct {
	all   distinct
	known []source // by hash
}

type source struct {
	hash uint64
	addr capture.Addr
	n    uint64
}

func (s *sources) add(a capture.Addr) {
	h := HashAddr(a, 0)
	s.all.add(h)
	s.take(source{h, a, 1})
}

func (s *sources) take(x source) {
	at, found := slices.BinarySearchFunc(s.known, x, func(a, b source) int { return cmp.Compare(a.hash, b.hash) })
	switch {
	case found:
		s.known[at].n += x.n
	case at < maxSources:
		s.known = slices.Insert(s.known, at, x)
		s.known = s.known[:min(len(s.known), maxSources)]
	}
}

func (s *sources) merge(o *sources) {
	s.all.merge(&o.all)
	for _, x := range o.known {
		s.take(x)
	}
}

// blameless is how many of n connections do not come from hosts that scan.
func (s *sources) blameless(c *Context, n uint64) uint64 {
	for _, x := range s.known {
		if c.suspects.scanners[x.addr] {
			n -= min(n, x.n)
		}
	}
	return n
}

// who names the host, or says how many there are.
func (s *sources) who() string {
	if s.all.count() == 1 && len(s.known) == 1 {
		return s.known[0].addr.String()
	}
	return s.all.words("host")
}
