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

// lack is something that a connection did not have, without which fields have
// nothing to tell; a set of such where bits are joined.
type lack uint64

const (
	timeWait       lack = 1 << iota // an end in TIME-WAIT
	lastRest                        // a pause that no answer followed
	names                           // payload that names something
	exchanges                       // answered requests
	timedExchanges                  // answers whose time is known
	probesOrig                      // keepalive probes of the originator
	probesResp                      // the same of the responder
	roundTripsOrig                  // round trips of the originator's segments
	roundTripsResp                  // the same of the responder
	pathOrig                        // anything that the originator's data met on its way
	pathResp                        // the same of the responder
	stuckOrig                       // a segment that the originator sent without success
	stuckResp                       // the same of the responder
	openProbesOrig                  // probes of a window that was open
	openProbesResp                  // the same of the responder
	holeOrig                        // bytes that the originator sent and nobody got
	holeResp                        // the same of the responder
	stallsOrig                      // segments that the originator held back
	stallsResp                      // the same of the responder
	closedOrig                      // times in which the originator had its window closed
	closedResp                      // the same of the responder
	numbersOrig                     // sequence numbers of the originator
	numbersResp                     // the same of the responder
	longRest                        // a pause that an answer followed
	resets                          // a RST
	networks                        // a network of its own
	tags                            // VLAN tags
	interim                         // more to come
	otherFiles                      // other files than the one
	hosts                           // addresses of this host
	interfaces                      // interfaces with a name
	secondSYN                       // a SYN that was sent again
	revisions                       // other records of the same connection
)

// bare are those without which the record holds nothing of a field either.
const bare = names | pathOrig | pathResp | closedOrig | closedResp | resets | networks | tags | interim | otherFiles | hosts | interfaces | secondSYN | revisions

// These are what one end may lack.
func probesOf(e record.End) lack     { return probesOrig << e }
func openProbesOf(e record.End) lack { return openProbesOrig << e }
func holeOf(e record.End) lack       { return holeOrig << e }
func stallsOf(e record.End) lack     { return stallsOrig << e }
func closedOf(e record.End) lack     { return closedOrig << e }
func numbersOf(e record.End) lack    { return numbersOrig << e }
func roundTripsOf(e record.End) lack { return roundTripsOrig << e }
func pathOf(e record.End) lack       { return pathOrig << e }
func stuckOf(e record.End) lack      { return stuckOrig << e }

// lacksOf is what a connection did not have.
func lacksOf(r *record.Record, o *Options) (l lack) {
	set := func(what lack, is bool) {
		if is {
			l |= what
		}
	}
	set(timeWait, r.TimeWait.Holder == record.NoEnd)
	set(lastRest, r.Idle.Outcome == record.IdleAnswered)
	set(longRest, !r.Idle.Longest.OK)
	set(names, r.Names == nil)
	set(exchanges, r.Exchanges.N == 0)
	set(timedExchanges, r.Exchanges.Timed == 0)
	set(networks, r.TunnelID == 0 && !r.TunnelPart && !r.Joined)
	set(tags, r.NVLAN == 0)
	set(interim, !r.Interim)
	set(revisions, r.Revision == 0)
	set(otherFiles, len(o.Files) < 2 && r.FilePacket == r.FirstPacket)
	set(hosts, o.Local == nil)
	set(interfaces, len(o.Interfaces) == 0)
	set(secondSYN, r.Open.NSYNsAgain == 0)
	set(resets, noReset(&r.Close) && !r.Open.OldReset)
	for e := record.Orig; e <= record.Resp; e++ {
		x, p := &r.Ends[e], &r.Path[e]
		set(probesOf(e), r.Keepalive[e].Probes == 0)
		set(roundTripsOf(e), x.RTT.N == 0)
		set(openProbesOf(e), x.OpenProbes == 0)
		set(closedOf(e), len(x.ZeroWindowList) == 0)
		set(numbersOf(e), !x.Numbers.OK)
		set(pathOf(e), *p == record.PathRecord{})
		set(stuckOf(e), p.Stuck.Bytes == 0)
		set(holeOf(e), p.Hole == 0)
		set(stallsOf(e), p.Nagle.N == 0)
	}
	return l
}

// noReset reports whether nothing is told of a RST.
func noReset(c *record.CloseRecord) bool {
	x := &c.Ignored
	return c.ResetBy == record.NoEnd && c.ResetIn == record.Unknown && c.ResetCause == record.ResetNone && c.ResetText == "" && c.ResetOdd == 0 &&
		x.Packet == 0 && x.By == record.Orig && x.Odd == 0 && !x.Done
}

// hidden is what hides a field.
type hidden struct {
	by      flaw // any of these leaves it out
	perhaps flaw // the tracker knows whether it can be told nevertheless, and left it out of the record
	without lack // and where the connection lacks this there is none
}

// from tells whether a field of the row is hidden.
func (h hidden) from(w *row) bool { return h.by&w.flaws != 0 || h.without&w.lacks != 0 }

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
