package schema

import "tcpwatch/tracker/record"

// flaw is something about a capture for which fields of a record can't be known;
// a set of them where bits are joined. Some are told for each end.
type flaw uint32

const (
	oneWay      flaw = 1 << iota // only one direction was captured
	darkOrig                     // what the originator sent was not captured at all, in a capture of one direction
	darkResp                     // the same of the responder
	gapsOrig                     // bytes that the originator sent were not captured
	gapsResp                     // the same of the responder
	spanOrig                     // how many is known modulo 2^32 only
	spanResp                     // the same of the responder
	midstream                    // begun before the capture
	synUnseen                    // a SYN was not captured
	scaleUnseen                  // nor the scale of the windows
	wentBack                     // time went back
	untimed                      // packets without a time
	givenUp                      // gaps that were forgotten while they were open
)

// gaps are bytes that were not captured, of either end.
const gaps = gapsOrig | gapsResp | spanOrig | spanResp

// darkOf, gapsOf and spanOf are the flaws of what one end sent.
func darkOf(e record.End) flaw { return darkOrig << e }
func gapsOf(e record.End) flaw { return gapsOrig << e }
func spanOf(e record.End) flaw { return spanOrig << e }

// hidden is what hides a field.
type hidden struct {
	by      flaw // any of these leaves it out
	perhaps flaw // the tracker knows whether it can be told nevertheless, and left it out of the record
}

// flawsOf are the flaws of the capture of a connection.
func flawsOf(r *record.Record) (f flaw) {
	c := &r.Capture
	set := func(what flaw, is bool) {
		if is {
			f |= what
		}
	}
	set(oneWay, c.OneWay)
	set(midstream, c.Midstream)
	set(synUnseen, c.SYNUnseen[record.Orig] || c.SYNUnseen[record.Resp])
	set(scaleUnseen, c.ScaleUnknown)
	set(wentBack, c.TimeWentBack > 0)
	set(untimed, c.Untimed > 0)
	set(givenUp, c.GivenUpBytes > 0)
	for e := record.Orig; e <= record.Resp; e++ {
		x := &r.Ends[e]
		set(darkOf(e), c.OneWay && x.Packets == 0)
		set(gapsOf(e), x.MissingBytes > 0)
		set(spanOf(e), x.SpanUnknown)
	}
	return f
}

// reason is what capture.unknown says of a flaw.
func (f flaw) reason() Reason {
	switch f {
	case oneWay, darkOrig, darkResp:
		return OneWay
	case midstream:
		return Midstream
	case synUnseen:
		return SYNUnseen
	case scaleUnseen:
		return ScaleUnseen
	case wentBack:
		return WentBack
	case untimed:
		return Untimed
	case givenUp:
		return GivenUp
	}
	return Missing
}
