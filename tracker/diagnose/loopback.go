package diagnose

import "slices"

// loopback reports whether a subject is an address of the loopback interface (127.0.0.0/8, RFC
// 1122 section 3.2.1.3; ::1, RFC 4291 section 2.5.3): packets to it leave no host, so that no
// path, no other host and no second capture point can be the cause of anything or tell it.
func (s Subject) loopback() bool { return s.A.Addr.Netip().IsLoopback() }

// onLoopback takes from a finding about a loopback address what only a path or another host can
// do: the causes are replaced by those given, and the advice by what the host itself can tell.
func (f *Finding) onLoopback(s Subject, advice string, causes ...string) {
	if !s.loopback() {
		return
	}
	f.Confidence = min(f.Confidence, Possible)
	f.Explanation += " It is a loopback address: packets to it leave no host, so no path loses them."
	f.Causes = slices.Concat(causes, []string{"a program made these packets itself (a raw socket, a packet generator), and no TCP of the system answers for them"})
	f.Advice = []string{advice}
}
