package diagnose

import (
	"fmt"
	"strconv"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// scan sums up the attempts of a host that failed.
type scan struct {
	tally
	ports, open          portSet // tried, and those of them that answered
	hosts, targets       fold.Distinct
	opened               uint64 // connections, not counted among those that failed, whose SYN was answered, and the scanner sent no more
	bare                 uint64 // SYNs without SACK, scaling and timestamps: not made by a system's connect()
	refused, silent, cut uint64
	probes               probes
}

// Fields walks over what is summed up.
func (x *scan) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	x.ports.Fields(w)
	x.open.Fields(w)
	x.hosts.Fields(w)
	x.targets.Fields(w)
	fold.Sum(w, &x.opened, &x.bare, &x.refused, &x.silent, &x.cut)
	x.probes.Fields(w)
}

func portScan() Detector {
	return Detector{
		Name: "port-scan", Group: GroupAttack, needs: traitFailed | traitReset | traitSilent,
		Doc: `A host tries many ports or hosts, and hardly any answers: a scan.

Rule: counted are the different server ports to which a host's attempts were refused
(RFC 9293 section 3.10.7.1), met silence or an ICMP error, or were reset by the host
itself before they were open. A SYN scan sends SYNs without SACK, window scaling and
timestamps, and resets what answers; a connect scan uses the system's own connect(),
whose SYNs carry those options and which a refusal ends. A lone ACK, FIN or segment
without flags that a RST answers, of a connection of which nothing else was seen, is a
probe too (ACK, FIN, NULL and Xmas scans): a port without a socket answers it so. One
without ACK is a probe without any answer too: no connection sends such segments, so that a single one is a notice.
Its attempts are in no other finding, so that the servers it touched do not look
broken. It can be mistaken for a client whose many servers are all down: those
share one port and are tried again and again; or for a peer-to-peer program whose
peers are gone: each of those listens on a port of its own, and the finding says so.`,
		New: func(o *Options) Fold {
			l := atLeast{o.count("port-scan", 15, "different server ports that a host tried without success, from which on it scans")}
			return newFold(addScan, l.tellScan).suspecting(l.suspectScan)
		},
	}
}

func addScan(s *subjects[scan, *scan], r *record.Record) {
	by, probed := probedInVain(r)
	if !probed && !failedInVain(r) {
		if r.Open.Kind == record.OpenHalfOpen && r.Open.SYNACKs > 0 && rawSYN(r) {
			x := s.Well(host(r.Orig.Addr))
			x.opened++
			x.open.add(r.Resp.Port)
		}
		return
	}
	from, to := r.Orig, r.Resp
	if by == record.Resp {
		from, to = to, from
	}
	x := s.At(host(from.Addr))
	x.hitAt(r, r.FirstPacket)
	x.ports.add(to.Port)
	x.hosts.Add(fold.Hash16(to.Addr, 0))
	x.targets.Add(fold.Hash16(to.Addr, uint64(to.Port)))
	if probed {
		x.probes.add(r, by, from.Port)
		return
	}
	if rawSYN(r) {
		x.bare++
	}
	switch r.Open.Kind {
	case record.OpenRefused:
		x.refused++
	case record.OpenAborted:
		x.cut++
		if r.Open.SYNACKs > 0 {
			x.open.add(to.Port)
		}
	default:
		x.silent++
	}
}

// scans tells that a host scans, and does not check listeners.
func (l atLeast) scans(c *Context, s Subject, x *scan) bool {
	return x.targets.Count() >= l.least && !c.suspects.checks(s.A.Addr, x.n)
}

func (l atLeast) suspectScan(c *Context, s Subject, x *scan) {
	if l.scans(c, s, x) {
		c.suspects.scanners[s.A.Addr] = true
	}
}

// failedInVain tells that an attempt failed, whoever is to blame.
func failedInVain(r *record.Record) bool {
	switch r.Open.Kind {
	case record.OpenRefused, record.OpenUnreachable, record.OpenAborted:
		return true
	case record.OpenNoAnswer:
		return unanswered(r)
	}
	return false
}

// listeners are those that it tried in vain: of one host each port is one.
func (x *scan) listeners() string {
	if x.hosts.Count() == 1 {
		return x.ports.words()
	}
	return about(&x.targets, "server port")
}

// tried are the ports, those that answered too.
func (x *scan) tried() string {
	all := new(portSet)
	fold.Merge(all, &x.ports)
	fold.Merge(all, &x.open)
	return all.words()
}

// namedPorts is how many open ports a finding names.
const namedPorts = 10

// found names the ports that answered and that the scan reset at once: the lowest of them.
func (x *scan) found() string {
	n := x.open.Count()
	if n == 0 {
		return ""
	}
	least, more := x.open.least, ""
	if len(least) > namedPorts {
		least, more = least[:namedPorts], " ..."
	}
	text := ""
	for i, port := range least {
		if i > 0 {
			text += ", "
		}
		text += strconv.Itoa(int(port))
	}
	return fmt.Sprintf(" It found %s open: %s%s.", x.open.words(), text, more)
}

func (l atLeast) tellScan(c *Context, s Subject, x *scan) (Finding, bool) {
	switch {
	case !l.scans(c, s, x):
		return tellFewProbes(s, x), x.probes.noACK.n > 0
	case x.probes.n*2 >= x.n:
		return tellProbes(s, x), true
	}
	what := "a connect scan"
	if x.bare*2 >= x.n {
		what = "a SYN scan"
	}
	f := Finding{
		Severity: Warning, Confidence: Likely,
		Title: fmt.Sprintf("%s scans: %s tried, %s of %s", s.A.Addr, say.Plural(x.n+x.opened, "connection"), x.tried(), about(&x.hosts, "host")),
		Explanation: fmt.Sprintf("It looks like %s: %s refused, %s unanswered or unreachable, %s reset by the scanner (RFC 9293 section 3.10.7.1); its SYNs to %s failed.",
			what, say.Thousands(x.refused), say.Thousands(x.silent), say.Thousands(x.cut), x.listeners()) + x.found(),
		causes: []Cause{app("a port scanner, an inventory or a monitoring tool"), app("malware that looks for victims")},
		Advice: []string{fmt.Sprintf("On %s: `ss -tanp state syn-sent` shows which process it is.", s.A.Addr)},
	}
	// Peers of a peer-to-peer network listen on a port of their own each.
	if x.hosts.Count()*2 > x.targets.Count() && x.ports.Count()*2 > x.targets.Count() {
		f.atMost(Notice, Possible)
		f.Title = fmt.Sprintf("%s tries many hosts without success: %s to %s of %s", s.A.Addr, say.Plural(x.n, "connection"), x.ports.words(), about(&x.hosts, "host"))
		f.causes = []Cause{app("a scan in random order")}
		f.lead(app("a peer-to-peer program whose peers are gone"), "each host was tried on a port of its own")
	}
	if x.ports.Count() <= 2 && x.hosts.Count() > 2 {
		f.Confidence = Possible
		f.causes = append(f.causes, app("a client whose servers are all down"))
	}
	return f, true
}
