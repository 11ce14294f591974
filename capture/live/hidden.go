package live

import "tcpwatch/capture"

// Hidden finds out what a filter hides, from segments that it lets through: a
// tcpwatch.Hidden. It is not safe for concurrent use.
type Hidden struct {
	filter   *capture.Filter
	stripped bool
	all      Weakness
}

// NewHidden returns a Hidden of a filter; see Weakens for stripped.
func NewHidden(f *capture.Filter, stripped bool) *Hidden {
	return &Hidden{filter: f, stripped: stripped}
}

// Sample asks what the filter hides of the connection of a segment in the packet.
func (h *Hidden) Sample(p *capture.Packet, s *capture.Segment) {
	match := func(q *capture.Packet) bool {
		ok, err := h.filter.Match(q)
		return ok && err == nil
	}
	h.all |= Weakens(match, p.Link, s, h.stripped)
}

// Hides says for people what was found.
func (h *Hidden) Hides() []string { return h.all.Hides() }
