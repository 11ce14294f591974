package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func vanished() Detector {
	return Detector{
		Name: "vanished", Group: GroupClose, needs: traitUnclosed,
		Doc: `Data is sent again and again into silence: the other end has vanished.

Rule: unacknowledged data is repeated with doubling pauses (RFC 6298 section 5.5), on
Linux up to tcp_retries2 (15 times, about 924 s), then the connection ends with
nothing on the wire. Counted where data was repeated three times or more and nothing came
for a minute. A connection that was idle before is idle-timeout or
keepalive-missing; one in which large segments alone are lost is mtu-black-hole.`,
		Thresholds: fewAndShare("vanished", 3, 5, "connections"),
		New: func(o *Options) Fold {
			return newUnfinished(func(r *record.Record, v Verdict) (uint64, bool) {
				n := uint64(max(r.Ends[record.Orig].Retx, r.Ends[record.Resp].Retx))
				return n, v.Fault == FaultTimedOut && n >= triesToFail && !diedAtRest(r) && !blackHoled(r, record.Orig) && !blackHoled(r, record.Resp) && !unheardAfterSYN(r)
			}, func(_ *Context, s Subject, x *unfinished, opened uint64) Finding {
				return Finding{
					Severity: o.many("vanished", x.n, opened), Confidence: Likely,
					Title:       fmt.Sprintf("%s vanished in the middle of %s: data sent to it is repeated into silence", s.who(), s.ofThose(x.n, opened)),
					Explanation: fmt.Sprintf("%s went unanswered to the end; the sender gives up after tcp_retries2 (RFC 9293 section 3.8.3).", say.Plural(x.repeats, "repeat")),
					Causes: []string{"its host crashed, was suspended or left the network", "a route or a firewall changed in the middle: nothing gets through any more",
						"its address moved to another host, which drops what it does not know"},
					Advice: []string{fmt.Sprintf("Is it there? `ping -c 3 %s`; `ip route get %s`.", s.A.Addr, s.A.Addr),
						"On the sender: `ss -tino` shows the back-off; `sysctl net.ipv4.tcp_retries2` how long it goes on; TCP_USER_TIMEOUT makes it shorter for one application (RFC 5482)."},
				}
			})
		},
	}
}
