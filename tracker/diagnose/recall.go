package diagnose

import "slices"

// Recall is the finding with what an earlier judgement of the same trouble cited besides its own
// examples, as many as a finding has at most, each connection by the packet that was cited first:
// what somebody looks at stays, though what is judged later is no longer about it.
func (f Finding) Recall(earlier *Finding) Finding {
	all := slices.Clone(earlier.cites)
	for _, x := range f.cites {
		if !slices.ContainsFunc(earlier.cites, func(y Example) bool { return y.Conn == x.Conn }) {
			all.Take(x)
		}
	}
	f.Conns, f.Packets = nil, nil
	f.Cite(all)
	return f
}
