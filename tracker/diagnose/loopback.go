package diagnose

import (
	"slices"
	"strings"

	"tcpwatch/tracker/record"
)

// loopback reports whether a subject is an address of the loopback interface (127.0.0.0/8, RFC
// 1122 section 3.2.1.3; ::1, RFC 4291 section 2.5.3): packets to it leave no host, so that no
// path, no other host and no second capture point can be the cause of anything or tell it.
func (s Subject) loopback() bool { return s.A.Addr.Netip().IsLoopback() }

// withinLoopback tells that a connection is one of the loopback interface.
func withinLoopback(r *record.Record) bool {
	return r.Orig.Addr.Netip().IsLoopback() || r.Resp.Addr.Netip().IsLoopback()
}

// leavesNoHost is what findings about a loopback address say of it.
const leavesNoHost = " It is a loopback address: packets to it leave no host, so no path loses them."

// madeItself is a cause that is left where no path can be one.
const madeItself = "a program made these packets itself (a raw socket, a packet generator), and no TCP of the system answers for them"

// onLoopback takes from a finding about a loopback address what only a path or another host can
// do: the causes are replaced by those given, and the advice by what the host itself can tell.
func (f *Finding) onLoopback(s Subject, advice string, causes ...string) {
	if !s.loopback() {
		return
	}
	f.Explanation += leavesNoHost
	f.Causes = slices.Concat(causes, []string{madeItself})
	f.Advice = []string{advice}
}

// offHost tells that a cause or an advice is of a path, of another host or of a second
// capture point.
func offHost(text string) bool {
	return slices.ContainsFunc([]string{" path", "route", "mirror port", "NAT", "asymmetric", "satellite", "mtr ", "ping ", "Wi-Fi", "radio", "bonding", "bonds",
		"policer", "cable", "capture point", "the network", "another host", "Capture at", "Capture on", "packets are lost", "another way", "a tunnel", "its card", "switch"},
		func(word string) bool { return strings.Contains(text, word) })
}

// stayOnHost leaves of a finding about a loopback address what the host itself can do and tell.
// Where that takes its first cause away it is no more than possible.
func (f *Finding) stayOnHost() {
	if !f.Subject.loopback() {
		return
	}
	f.Title = strings.ReplaceAll(f.Title, "omething on the path", "omething else on the host")
	first := len(f.Causes) > 0 && offHost(f.Causes[0])
	f.Causes = slices.DeleteFunc(slices.Clone(f.Causes), offHost)
	f.Advice = slices.DeleteFunc(slices.Clone(f.Advice), offHost)
	if first {
		f.Explanation += leavesNoHost
		f.Causes = append(f.Causes, madeItself)
	}
	if strings.Contains(f.Explanation, leavesNoHost) {
		f.Confidence = Possible
	}
}
