package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

type forgottenLimits struct {
	scale
	idle int64
}

func forgottenLimitsOf(o *Options) forgottenLimits {
	return forgottenLimits{scale: o.fewAndShare("reset-forgotten", 10, 10, "connections to one server", "the server's connections"),
		idle: o.span("reset-forgotten-idle", forgottenAfter, "that the RST's sender was quiet before; sooner it counts as reset-bare")}
}

func resetForgotten() Detector {
	return Detector{
		Name: "reset-forgotten", Group: GroupReset, needs: traitReset,
		Doc: `An end answers an open connection with a bare RST: it no longer knows it.

Rule: a segment for a connection that does not exist is answered by a RST without
ACK, at the number that the segment acknowledged (RFC 9293 section 3.10.7.1). An
end that aborts sends RST,ACK. So the end, or what stands for it (a load balancer,
a NAT, a failed-over pair), lost its state: it restarted, or dropped the
connection as idle. A client that resets an older connection that answered its new
SYN does the same: see stale-connection. A bare RST whose sender had just been
talking, or that answers nothing, counts as reset-bare.

` + endsDoc,
		New: func(o *Options) Fold {
			l := forgottenLimitsOf(o)
			return newResets(resetKind{l.scale, l.picks, endedBare, (*resets).add, tellForgotten})
		},
	}
}

func (l forgottenLimits) picks(r *record.Record) bool {
	return forgot(r, l.idle) && !diedAtRest(r)
}

func tellForgotten(s Subject, x *resets, all whole, k scale) Finding {
	f := Finding{
		Severity: k.severity(x.n, all.opened), Confidence: Likely,
		Title:       fmt.Sprintf("%s met an end that no longer knew it: %s", x.what(s, all), x.sent(s, "a bare RST")),
		Explanation: "A RST without ACK is what answers a segment that meets no connection (RFC 9293 section 3.10.7.1).",
		causes: []Cause{onHost("the end's host restarted").unless(ownTCP | outlivedRST), app("the end's process ended or restarted").unless(outlivedRST), onPath("a load balancer, NAT or firewall failed over or dropped the connection as idle").unless(ownTCP),
			hostReplaced("another host has that end's address now (a failover, an address given out anew)").unless(ownTCP)},
		Advice: []string{"Compare the times with restarts: `uptime -s` and the service's log.",
			"Keepalive more often than the idle limits on the path: `sysctl net.ipv4.tcp_keepalive_time`."},
	}
	if x.outlived == x.n {
		f.Title = fmt.Sprintf("%s got a bare RST in the name of an end that still knows it: %s", x.what(s, all), x.sent(s, "the RST"))
		f.Explanation += " " + clockGoesOn
		f.shows(outlivedRST, "")
		f.Advice = []string{"Compare the Ethernet addresses of the RSTs with those of that end's other packets, and look for who else has its address: `arping -D`, the leases, the log of the pair or the balancer."}
	}
	if x.wentOn > 0 {
		f.Explanation += onSome(x.wentOn, x.n, fmt.Sprintf("the other end went on after it%s: it did not reach that end, or was not taken.", lasting(x.wentOn, x.longest)))
	}
	if x.answering > 0 {
		f.Explanation += fmt.Sprintf(" %s came behind it.", say.Plural(x.answering, "more RST"))
	}
	if x.sources.all.Count() == 1 && x.sources.known[0].Addr == s.A.Addr {
		// Within one host nothing stands between, and a raw socket's packets meet no connection either.
		f.Confidence = Possible
		f.Title = fmt.Sprintf("%s met an end that did not know it: %s", x.what(s, all), x.sent(s, "a bare RST"))
		f.causes, f.Advice = f.causes[:2], f.Advice[:1]
		if x.unanswered == x.n {
			f.lead(madeItself(), "nothing shows that the RST's sender ever knew the connection")
		} else {
			f.causes = append(f.causes, madeItself())
		}
	}
	return f
}

// clockGoesOn tells what Outlived shows.
const clockGoesOn = "The timestamps of that end go on after it, in its own segments or in the other end's echoes (RFC 7323): it knows the connection, and something else sent the RST in its name."

// forgottenAfter is how long an end was silent that may have forgotten a connection.
const forgottenAfter = second

// Forgot tells that an end answered a segment of an open connection as one that has
// no such connection.
func Forgot(r *record.Record) bool { return forgot(r, forgottenAfter) }

func forgot(r *record.Record, idle int64) bool { return bare(r) && wasQuiet(r, idle) && provoked(r) }

// bare tells that an open connection ended by a RST without ACK.
func bare(r *record.Record) bool {
	return r.Close.ResetCause == record.ResetUnknown && r.Close.ResetIn >= record.Established && cutOff(r) && bothSeen(r) && !r.Close.ByNewer
}

// oneHost tells that both ends are one host: nothing stands between them.
func oneHost(r *record.Record) bool { return r.Orig.Addr == r.Resp.Addr }

// wasQuiet tells that the RST's sender had sent nothing for so long, or nothing at all. One that
// had sent another RST before, which its receiver had to ignore, knew the connection.
func wasQuiet(r *record.Record, idle int64) bool {
	by := r.Close.ResetBy
	return !hadReset(r) && (r.Close.ResetQuiet >= idle || uint64(r.Close.RSTs[by]) == r.Ends[by].Packets)
}

// provoked tells that the RST came when a segment of the other end may have just
// arrived: the answer to one is due at once, a round trip off at most.
func provoked(r *record.Record) bool { return r.Close.ResetAfter < second }

// bothSeen tells that both ends sent something that the capture holds.
func bothSeen(r *record.Record) bool {
	return r.Ends[record.Orig].Packets > 0 && r.Ends[record.Resp].Packets > 0 && !r.Capture.OneWay
}
