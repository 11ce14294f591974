package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
)

func timeWaitReuse() Detector {
	return Detector{
		Name: "time-wait-reuse", Group: GroupTimeWait, needs: traitNone,
		Doc: `A TIME-WAIT was ended early by a new connection on the same ports: that works.

Rule: a SYN that a TIME-WAIT receives with a higher sequence number or a newer
timestamp opens a new connection (RFC 1122 section 4.2.2.13, RFC 6191), without any
sysctl; one that the holder itself sends needs tcp_tw_reuse and timestamps on Linux and
comes after 1 s at the earliest. Told as information: it says that an opener comes
round its ports within 2MSL, or binds one. Where a TIME-WAIT refuses the SYN the
finding is reuse-refused.`,
		New: func(*Options) Fold {
			return fromLedger{func(_ *Context, h *Holding) (Finding, bool) {
				return Finding{
					Severity: Info, Confidence: Proven, Count: h.Reused,
					Title: fmt.Sprintf("%s of %s in TIME-WAIT at %s gave way to a new one on the same ports", say.Thousands(h.Reused),
						say.Plural(h.Entered, "connection"), name(h.Holder)),
					Explanation: "The new SYN had a higher sequence number or a newer timestamp, so it was taken (RFC 1122 section 4.2.2.13, RFC 6191).",
				}, h.Reused > 0
			}}
		},
	}
}
