package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// unkept sums up requests that ended by the opener's FIN.
type unkept struct {
	tally
	sources  sources
	answered uint64 // that got an answer behind the FIN
}

// Fields walks over what is summed up.
func (x *unkept) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	x.sources.Fields(w)
	fold.Sum(w, &x.answered)
}

// rightBehind is how soon a FIN must follow the request to be part of it.
const rightBehind = 10 * millisecond

// halfCloses tells that the opener's only request ended by its FIN.
func halfCloses(r *record.Record) bool {
	left := r.Exchanges.Left
	return left.OK && left.V <= rightBehind && r.Close.Kind == record.CloseNormal && r.Close.First == record.Orig && !r.Capture.OneWay &&
		!r.Capture.Midstream && r.Ends[record.Orig].SeenBytes > 0 && r.Ends[record.Resp].SeenBytes == r.Close.BytesAfterFIN.V
}

func halfCloseUnkept() Detector {
	return Detector{
		Name: "half-close-unkept", Group: GroupClose, needs: traitGaveUp,
		Doc: `A request that ends by a half-close gets no answer, and others do.

Rule: an end may shut down its sending side and go on reading (RFC 9293 section 3.6, case
2): with some protocols the FIN is the end of the request. A proxy that takes it for a close of
both directions closes too, and the answer is lost without any RST. Counted where the client's FIN came
with its first request or within 10 ms of it, and the server closed without a byte. It is reported
where that separates those that got nothing from those that got an answer, by Fisher's exact test,
and none that half-closed got one. Clients that want no answer and close at once
look the same: so it is only possible.`,
		New: func(o *Options) Fold {
			l := unkeptLimits{o.count("half-close-unkept-few", 5, "connections to one server that got no answer, at least")}
			return newFold(addUnkept, l.tell)
		},
	}
}

type unkeptLimits struct{ least uint64 }

func addUnkept(s *subjects[unkept, *unkept], r *record.Record) {
	if !halfCloses(r) {
		return
	}
	if r.Ends[record.Resp].SeenBytes > 0 {
		wellAt(s, r).answered++
		return
	}
	x := s.At(listener(r.Resp))
	x.hitAt(r, r.Close.FINPacket[record.Resp])
	x.sources.add(r.Orig.Addr)
}

func (l unkeptLimits) tell(c *Context, s Subject, x *unkept) (Finding, bool) {
	service := c.served(s.A)
	if service == nil || x.n < max(l.least, 1) || x.answered > 0 {
		return Finding{}, false
	}
	other := service.opened - min(service.opened, x.n)
	got := min(service.answered, other)
	if got*100 < other*separates || fisher(int(x.n), 0, int(other-got), int(got)) >= chanceMost {
		return Finding{}, false
	}
	return Finding{
		Severity: effect{minor: true}.severity(), Confidence: Possible,
		Title: fmt.Sprintf("%s to %s got no answer: the client's FIN came right behind the request", c.wholeOf(s.A, x.n).of(x.n), name(s.A)),
		Explanation: fmt.Sprintf("The server closed them without a byte: %s whose request ended by a FIN. Of those that kept their side open %s got an answer. An end may close its side and go on reading (RFC 9293 section 3.6, case 2); what closes then takes the half-close for a close.",
			sentence(outOf(x.n, x.n, "connection")), outOf(got, other, "connection")),
		causes: []Cause{app("a proxy before the service closes both directions at the FIN of one (Docker's userland proxy did, some load balancers do)"),
			app("the service itself stops at the end of input"), app(fmt.Sprintf("%s wants no answer and closes at once", x.sources.who()))},
		Advice: []string{"Ask once by hand and keep the sending side open until the answer has come, and once close it right behind the request, and compare.",
			"Let the client read the answer before it shuts down its sending side, or let the proxy pass the FIN on (shutdown, not close)."},
	}, true
}
