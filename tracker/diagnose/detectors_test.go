package diagnose

import (
	"slices"
	"strings"
	"testing"

	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// detectorCase is records that must raise a detector, and some that look alike
// and must not.
type detectorCase struct {
	detector  string
	raise     []*record.Record
	severity  Severity
	says      string // in title or explanation
	alike     []*record.Record
	alikeIs   string // why it must not
	alsoTells string // what it is instead; "" for nothing
}

func detectorCases() []detectorCase {
	const orig, resp = record.Orig, record.Resp
	set := func(f func(r *record.Record)) func(r *record.Record) { return f }
	return []detectorCase{
		{"refused", same(3, failed(record.OpenRefused, 1)), Warning, "refused all 3 connections",
			same(3, failed(record.OpenUnreachable, 1)), "an ICMP error is no refusal", "unreachable"},
		{"refused", append(same(1, failed(record.OpenRefused, 1), set(func(r *record.Record) { r.Close.ResetTTL.V = 60 })), made(9)), Notice, "something on the path sent them",
			same(3), "they opened", ""},
		{"gave-up-waiting", same(3, waitedFor(2*second, 500)), Notice, "a timeout of 2 s",
			same(3, waitedFor(10*millisecond, 500)), "it never waited", "reset-late-data"},
		{"unreachable", same(20, failed(record.OpenUnreachable, 1)), Critical, "administratively prohibited",
			same(3, failed(record.OpenNoAnswer, 6)), "silence is no answer", "no-answer"},
		{"no-answer", same(4, failed(record.OpenNoAnswer, 6)), Warning, "Linux since 6.5",
			same(4, failed(record.OpenNoAnswer, 1), set(func(r *record.Record) { r.Unfinished, r.Silent = true, second/2 })), "the answer may still come", ""},
		{"no-answer", same(3, failed(record.OpenNoAnswer, 3), set(func(r *record.Record) { r.Open.SYNsOther = 2 })), Warning, "each an attempt of its own",
			same(3, set(func(r *record.Record) { r.Open.SYNsOther = 2 })), "they opened", ""},
		{"no-answer", same(3, failed(record.OpenNoAnswer, 1), set(func(r *record.Record) { r.Open.NextConn, r.Open.NextAfter = r.ID+1, second })), Warning, "the client tried again from the same port with another initial sequence number, at the soonest 1 s later",
			same(3, set(func(r *record.Record) { r.Open.NextConn = r.ID + 1 })), "they opened", ""},
		{"no-answer", silentSince(20 * second), Warning, "fell silent at one moment",
			silentSince(20 * second)[:3], "no SYN went unanswered", "still-open"},
		{"no-answer", append(same(1, failed(record.OpenNoAnswer, 3)), made(5)), Notice, "Others got through",
			same(3, failed(record.OpenNoAnswer, 3), set(func(r *record.Record) { r.Capture.OneWay = true })), "one direction only: the answer was not captured", ""},
		{"half-open", same(3, failed(record.OpenHalfOpen, 3), set(func(r *record.Record) { r.Open.NSYNACKsAgain, r.Open.SYNUnheard = 2, true })), Warning, "does not reach the client",
			same(3, failed(record.OpenHalfOpen, 1), set(func(r *record.Record) { r.Open.SYNs = 0 })), "SYN/ACKs that nobody asked for", ""},
		{"abandoned", same(3, failed(record.OpenAborted, 1)), Warning, "gave up all 3",
			same(3, reset(orig, record.ResetAbort)), "it was open", "reset-abort"},
		{"health-check", append(many(8, func(i int) *record.Record { return every(i, 2*second, halfChecked) }), made(900)), Info, "8 half-open",
			same(8, failed(record.OpenAborted, 1), set(func(r *record.Record) { r.Start += int64(fold.Mix(r.ID) % 1e10) })), "they come at no steady pace", "abandoned"},
		{"health-check", append(many(8, func(i int) *record.Record { return every(i, 2*second, halfChecked) }), many(3, func(i int) *record.Record { return made(uint64(900+i), failed(record.OpenAborted, 1)) })...), Info, "8 half-open",
			many(8, func(i int) *record.Record {
				return every(i, 2*second, halfChecked, set(func(r *record.Record) { r.Open.Resp = record.Some(3 * second / 10) }))
			}), "the answer came late, and the client had given up", "abandoned"},
		{"health-check", many(8, func(i int) *record.Record { return every(i, 5*second, fullChecked) }), Info, "8 complete and reset",
			same(8, reset(orig, record.ResetAbort)), "they carried data", "reset-abort"},
		{"only-syn-passes", many(4, func(i int) *record.Record { return every(i, 5*second, unheardOf) }), Warning, "SYNs were answered while others hung",
			append(many(4, func(i int) *record.Record { return every(i, 5*second, unheardOf) }), made(900, failed(record.OpenNoAnswer, 4))), "a SYN was dropped too: the queue is full", "queue-full"},
		{"only-syn-passes", many(4, func(i int) *record.Record { return every(i, 5*second, unheardAtServer) }), Warning, "none of these clients repeated its SYN",
			many(4, func(i int) *record.Record {
				return every(i, 5*second, unheardAtServer, set(func(r *record.Record) { r.Open.SYNs = 3; again(r, 2) }))
			}), "the SYN/ACK does not reach the client", "half-open"},
		{"only-syn-passes", append(many(4, func(i int) *record.Record { return every(i, 5*second, unheardOf) }), many(40, func(i int) *record.Record {
			return made(uint64(1000+i), from(numbered(70, uint16(30000+i))))
		})...), Warning, "came from one host", many(3, func(i int) *record.Record { return every(i, millisecond, unheardOf) }),
			"no SYN was answered while another hung", "queue-full"},
		{"only-syn-passes", append(many(5, func(i int) *record.Record { return every(i, 5*second, unheardAtServer, from(numbered(600+i, 4000))) }), many(40, func(i int) *record.Record {
			return made(uint64(1000+i), from(numbered(i, uint16(30000+i))))
		})...), Warning, "came from one subnet", many(5, func(i int) *record.Record { return every(i, 5*second, unheardAtServer, from(numbered(600+i, 4000))) }),
			"each SYN comes from another host, as forged ones do", "half-open"},
		{"closed-at-once", same(3, set(hangUp)), Warning, "without sending a byte",
			same(3, set(func(r *record.Record) {
				hangUp(r)
				r.Close.First = orig
			})), "a probe that the client closes", ""},
		{"closed-at-once", same(1, reset(resp, record.ResetAbort), set(func(r *record.Record) { mute(r, resp) })), Notice, "without sending a byte",
			same(3, set(func(r *record.Record) {
				hangUp(r)
				r.Ends[orig].SeenBytes = 100
			})), "it read what the client sent, and closed in order", ""},
		{"closed-at-once", same(1, set(hangUp)), Notice, "without sending a byte",
			same(1, set(func(r *record.Record) {
				hangUp(r)
				r.Ends[resp].Bytes, r.Ends[resp].MissingBytes = record.Some[uint64](89), 89
			})), "the capture missed what the server said", ""},
		{"stale-connection", same(1, late(2), old(record.Established, true)), Warning, "still held 1 connection",
			same(1, late(2), old(record.Established, false)), "a forged SYN: nobody reset the older connection", ""},
		{"stale-connection", same(2, late(2), old(record.CloseWait, true)), Warning, "still held 2 connections in CLOSE-WAIT",
			same(2, late(2), old(record.TimeWait, true)), "a TIME-WAIT that refuses is another finding", "reuse-refused"},
		{"stale-connection", append(same(1, late(2), old(record.CloseWait, true)), same(1, late(2), old(record.Established, true))...), Warning, "1 of 2 waited in CLOSE-WAIT",
			same(1, late(2), old(record.Established, false)), "a forged SYN: nobody reset the older connection", ""},
		{"stale-connection", twoAddresses(7001, 9000), Warning, "it may have been a TIME-WAIT that answered",
			twoAddresses(7000, 9000), "the ACK is of a connection to another address, which lives", "shared-tuple"},
		{"shared-tuple", twoAddresses(7000, 9000), Warning, "shares addresses and ports with others to 10.0.0.4",
			twoAddresses(7001, 9000), "the ACK is of no connection in the capture", "stale-connection"},
		{"port-collision", same(1, late(2), old(record.Established, true), set(func(r *record.Record) { r.Open.OldWentOn, r.Open.OldWentOnAt = 3, r.ID+5 })), Warning, "came all the same, from where it stood",
			same(1, late(2), old(record.Established, true)), "the client gave the older one up", "stale-connection"},
		{"port-collision", same(2, reset(orig, record.ResetUnknown), set(func(r *record.Record) { r.Open.RivalAgain = r.ID + 7 })), Warning, "two live connections from one address and port, 2 times",
			same(2, reset(orig, record.ResetUnknown)), "no other SYN came", "reset-bare"},
		{"untranslated", untranslatedTo(5000, 9000), Warning, "NAT that did not translate",
			untranslatedTo(5000, 9999999), "its numbers are of no connection in the capture", "reset-forgotten"},
		{"queue-full", same(1, set(func(r *record.Record) {
			reset(resp, record.ResetUnknown)(r)
			r.Close.ResetIn = record.SynReceived
		})), Warning, "a RST answered",
			same(3, reset(resp, record.ResetAbort)), "it was open when the RST came", "reset-abort"},
		{"queue-full", same(3, lateACK(1)), Warning, "completed all 3 handshakes late",
			same(3, set(func(r *record.Record) {
				r.Open.SYNACKs, r.Open.NSYNACKsAgain, r.Open.SYNACKAfter = 2, 1, second
			})), "no ACK was seen before the SYN/ACK came again", "syn-ack-lost"},
		{"queue-full", append(same(3, lateACK(1)), made(9, promptly)), Notice, "3 of 4 handshakes late, without data from the client, and 1 handshake with data at once", same(3, set(func(r *record.Record) {
			reset(resp, record.ResetUnknown)(r)
			r.Close.ResetIn = record.SynReceived
			r.Open.ThirdACK, r.Close.ResetTime = record.Some(r.Start), record.Some(r.Start+180*second)
		})), "a RST minutes later answers no handshake's final ACK", ""},
		{"queue-full", many(6, func(i int) *record.Record { return every(i, second, lateACK(1)) }), Notice, "answered every SYN at once",
			append(many(6, func(i int) *record.Record { return every(i, second) }), made(900)), "they were taken at once", ""},
		{"queue-full", append(same(1, late(2)), made(9, set(func(r *record.Record) { r.Capture.Tap = record.TapResp }))), Warning, "passed a capture point next to the server",
			same(1, late(2)), "the SYN may have been lost on the path", "syn-lost"},
		{"queue-full", append(same(10, failed(record.OpenNoAnswer, 4)), made(20, set(func(r *record.Record) { r.Capture.Tap = record.TapResp }))), Critical, "10 attempts seen next to the server met silence",
			append(same(10, failed(record.OpenNoAnswer, 4)), made(20)), "they may have been lost on the path", "no-answer"},
		{"no-answer", same(10, failed(record.OpenNoAnswer, 4)), Critical, "answered none of",
			append(same(10, failed(record.OpenNoAnswer, 4)), made(20, set(func(r *record.Record) { r.Capture.Tap = record.TapResp }))), "the server turned them away", "queue-full"},
		{"syn-cookies", append(same(3, failed(record.OpenHalfOpen, 1)), made(9)), Notice, "SYN cookies",
			same(3, failed(record.OpenHalfOpen, 1), set(func(r *record.Record) { r.Open.NSYNACKsAgain = 2 })), "a SYN/ACK that comes again is no cookie", "half-open"},
		{"syn-lost", same(3, late(3)), Warning, "6 s lost in all",
			same(3, late(2), set(func(r *record.Record) { r.Open.RefusedFirst = true })), "a RST had answered the first SYN", "refused"},
		{"syn-lost", same(1, late(2)), Notice, "1 s lost",
			same(1, late(2), old(record.TimeWait, true)), "a TIME-WAIT had answered", "reuse-refused"},
		{"syn-ack-lost", same(1, late(2), set(func(r *record.Record) { r.Open.SYNHeard = true })), Notice, "though an earlier one had arrived",
			same(1, late(2)), "nothing shows that an earlier SYN had arrived", "syn-lost"},
		{"syn-ack-lost", same(1, late(2), set(func(r *record.Record) { r.Open.SYNACKsUnseen = 2 })), Notice, "The answer to the SYN came late",
			same(1, late(3), set(func(r *record.Record) { r.Open.SYNACKsUnseen = 2 })), "fewer answers than SYNs", "syn-lost"},
		{"syn-ack-lost", append(same(1, late(2), set(func(r *record.Record) { r.Open.SYNHeard = true })), made(9, late(2), set(func(r *record.Record) { r.Open.SYNAnswered = true }))), Notice, "In 1 of them the SYN/ACK echoes",
			same(1, late(2)), "nothing shows that an earlier SYN had arrived", "syn-lost"},
		{"syn-ack-lost", same(1, late(2), set(func(r *record.Record) { r.Open.SYNAnswered = true })), Notice, "1 s lost",
			same(1, late(2)), "no SYN/ACK had passed before the SYN came again", "syn-lost"},
		{"syn-ack-lost", same(1, set(func(r *record.Record) {
			r.Open.SYNACKs, r.Open.NSYNACKsAgain, r.Open.SYNACKAfter = 2, 1, second
			r.Open.SYNACKAgainAt = r.ID + 3
		})), Notice, "more than one SYN/ACK",
			same(1, set(func(r *record.Record) { r.Open.SYNACKs, r.Capture.Duplicates = 2, 1 })), "the capture saw it twice", ""},
		{"slow-handshake", same(5, set(func(r *record.Record) { r.Open.Resp.V = second })), Warning, "slow to answer the SYN",
			same(5, late(2)), "the SYN was sent again", "syn-lost"},
		{"slow-handshake", same(5, set(func(r *record.Record) { r.Open.Resp.V, r.Ends[orig].RTT.P50 = second, second*9/10 })), Notice, "The path to",
			same(5, set(func(r *record.Record) { r.Open.Resp.V = 100 * millisecond })), "that is not slow", ""},
		{"slow-handshake", same(5, set(func(r *record.Record) {
			r.Open.Resp.V, r.Ends[orig].RTT.P50, r.Ends[orig].RTT.N = second, second*9/10, 1
		})), Warning, "took long: at most 1 s from SYN to SYN/ACK;", nil, "", ""},
		{"slow-handshake", same(5, set(func(r *record.Record) {
			r.Open.Resp.V, r.Exchanges.Timed, r.Exchanges.First = second, 1, second
		})), Warning, "acknowledges in the server's name", nil, "", ""},
		{"slow-handshake", append(same(4, set(func(r *record.Record) {
			r.Open.Resp.V, r.Exchanges.Timed, r.Exchanges.First = second, 1, second
		})), made(900, set(func(r *record.Record) { // this one answered at once
			r.Open.Resp.V, r.Exchanges.Timed, r.Exchanges.First = second, 1, 30*millisecond
		}))), Warning, "later round trips took 1 ms at least", nil, "", ""},
		{"slow-handshake", same(1, set(func(r *record.Record) {
			x := &r.Ends[orig].RTT
			r.Open.Resp, r.Open.Felt = record.Some(second), record.Some(second)
			x.Min, x.P50, x.N = 10*millisecond, second/2, 2
		})), Notice, "The quickest round trip on them took 10 ms", nil, "", ""},
		{"slow-handshake", same(5, set(func(r *record.Record) { r.Open.Orig.V, r.Capture.Tap = second, record.TapOrig })), Warning, "ACK of the SYN/ACK came late in all 5 handshakes", nil, "", ""},
		{"reuse-refused", same(1, late(2), old(record.TimeWait, true)), Warning, "TIME-WAIT at 10.0.0.2:80 refused 1 SYN",
			same(1, late(2), old(record.Established, true)), "the older connection was alive", "stale-connection"},
		{"reset-abort", same(10, reset(resp, record.ResetAbort)), Warning, "aborted: the server",
			same(10, reset(resp, record.ResetKeepaliveDead)), "keepalive gave up", ""},
		{"reset-abort", same(3, reset(resp, record.ResetAbort), set(func(r *record.Record) { r.Close.ResetIn = record.CloseWait })), Notice, "in place of the second FIN: the server sent it",
			same(3), "they closed by FINs", ""},
		{"reset-abort", many(3, func(i int) *record.Record {
			return made(uint64(i+1), reset(orig, record.ResetAbort), to(numbered(i, 443)))
		}), Notice, "to 3 servers",
			same(1, failed(record.OpenAborted, 1)), "it never opened", "abandoned"},
		{"reset-unread", same(10, reset(resp, record.ResetUnreadData)), Warning, "not read, or aborted",
			same(10, reset(resp, record.ResetAbort)), "nothing was unread", "reset-abort"},
		{"reset-late-data", same(10, reset(orig, record.ResetLateData), afterFIN(61*second, 1000)), Warning, "held by nobody in FIN-WAIT-2",
			same(10, set(func(r *record.Record) { r.Close.ResetBy, r.Close.ResetCause = orig, record.ResetAfterClose })), "both ends had closed", "reset-harmless"},
		{"reset-late-data", same(10, reset(orig, record.ResetLateData), afterFIN(second, 31)), Info, "close_notify", nil, "", ""},
		{"reset-late-data", same(1, reset(orig, record.ResetLateData), afterFIN(second, 0)), Info, "no data, but a FIN or an ACK came too late", nil, "", ""},
		{"reset-forgotten", same(1, reset(resp, record.ResetUnknown), set(func(r *record.Record) { r.Close.ResetQuiet = 300 * second })), Notice, "no longer knew it",
			same(1, reset(resp, record.ResetUnknown), set(func(r *record.Record) { r.Close.ResetQuiet = millisecond })), "it had just been talking", "reset-bare"},
		{"reset-forgotten", same(1, reset(resp, record.ResetUnknown), set(func(r *record.Record) { r.Close.ResetQuiet = 300 * second })), Notice, "no longer knew it",
			same(1, reset(orig, record.ResetUnknown), set(func(r *record.Record) { r.Close.ResetQuiet, r.Close.ResetAfter = 13*second, 13*second })), "it answers nothing", "reset-bare"},
		{"reset-forgotten", same(1, reset(resp, record.ResetUnknown), set(func(r *record.Record) { r.Close.ResetQuiet = 300 * second })), Notice, "bare RST",
			same(1, reset(orig, record.ResetUnknown), set(func(r *record.Record) { r.Close.ByNewer = true })), "it made way for a newer connection", ""},
		{"reset-forgotten", same(1, reset(resp, record.ResetUnknown), set(func(r *record.Record) { r.Close.ResetQuiet = 300 * second })), Notice, "no longer knew it",
			same(1, reset(resp, record.ResetUnknown), set(func(r *record.Record) {
				r.Close.ResetQuiet = 300 * second
				r.Close.Ignored = record.IgnoredRST{By: resp, Packet: r.Close.ResetPacket - 1}
			})), "it had sent another RST before: it knew it", "reset-bare"},
		{"reset-bare", same(10, reset(resp, record.ResetUnknown), set(func(r *record.Record) { r.Close.ResetQuiet = millisecond })), Warning, "RST without ACK",
			same(10, reset(resp, record.ResetAbort)), "RST,ACK: a socket aborted", "reset-abort"},
		{"reset-bare", same(1, reset(orig, record.ResetUnknown), set(func(r *record.Record) { r.Close.ResetQuiet = millisecond })), Notice, "sent as the client",
			same(1, reset(orig, record.ResetMiddlebox), set(func(r *record.Record) { r.Close.ResetTTL.V, r.Close.ResetOdd = 60, record.OddTTL })), "another TTL: not the client", "reset-injected"},
		{"port-scan", many(15, func(i int) *record.Record {
			return made(uint64(i+1), probe(orig), to(numbered(1, uint16(100+i))), from(numbered(2, 50000)))
		}), Warning, "probed with ACKs",
			same(15, probe(orig)), "one server only: a connection that it no longer knows", "reset-forgotten"},
		{"port-scan", many(15, func(i int) *record.Record {
			return made(uint64(i+1), probe(resp), to(numbered(1, uint16(100+i))), from(numbered(2, 50000)), set(func(r *record.Record) { r.Orig, r.Resp = r.Resp, r.Orig; r.Close.FINs[resp] = 1 }))
		}), Warning, "probed with FINs", nil, "", ""},
		{"port-scan", many(15, func(i int) *record.Record { return made(uint64(i+1), probe(orig), to(numbered(1, uint16(100+i)))) }), Notice, "probed with ACKs", nil, "", ""},
		{"port-scan", many(15, func(i int) *record.Record {
			return made(uint64(i+1), unheard(1), to(numbered(1, uint16(100+i))), from(numbered(2, 50000)))
		}), Warning, "probed with FINs",
			many(15, func(i int) *record.Record {
				return made(uint64(i+1), unheard(1), to(numbered(1, uint16(100+i))), set(func(r *record.Record) { r.Capture.OneWay = true }))
			}), "a FIN with an ACK may repeat one of before the capture", ""},
		{"port-scan", many(15, func(i int) *record.Record {
			return made(uint64(i+1), unheard(0), to(numbered(1, uint16(100+i))), from(numbered(2, 50000)))
		}), Warning, "probed with segments without flags", nil, "", ""},
		{"port-scan", []*record.Record{made(1, unheard(0)), made(2, unheard(1), to(numbered(1, 99))), made(3, probe(orig), to(numbered(1, 98)))}, Notice, "3 lone segments that belong to no connection, 2 of them with FIN and without ACK, or without flags, which no TCP sends",
			[]*record.Record{made(1, probe(orig)), made(2, unheard(1), set(func(r *record.Record) { r.Capture.OneWay = true }))}, "ACKs of connections that an end no longer knows", "reset-forgotten"},
		{"reset-injected", same(1, reset(resp, record.ResetMiddlebox), set(func(r *record.Record) { r.Close.ResetTTL.V, r.Close.ResetOdd = 60, record.OddTTL })), Warning, "TTL 60",
			same(1, set(ignored)), "the receiver ignored it", "reset-ignored"},
		{"reset-injected", same(1, reset(resp, record.ResetMiddlebox), otherTTL(59, 123)), Notice, "as many hops below", nil, "", ""},
		{"reset-injected", same(1, reset(resp, record.ResetMiddlebox), otherTTL(59, 120)), Warning, "another system sent them", nil, "", ""},
		{"reset-ignored", same(1, set(ignored)), Notice, "must ignore",
			same(1, reset(orig, record.ResetLateData), afterFIN(second, 500), set(func(r *record.Record) { r.Close.RSTsIgnored = 2 })), "answers of a closed socket to what was under way", "reset-late-data"},
		{"reset-ignored", same(2, set(disobeyed)), Notice, "did not obey",
			same(1, reset(orig, record.ResetAbort)), "it was obeyed", "reset-abort"},
		{"reset-harmless", same(1, set(func(r *record.Record) {
			r.Close.ResetBy, r.Close.ResetCause, r.Close.ResetPacket = orig, record.ResetAfterClose, 18
		})), Info, "harmless",
			same(1, reset(orig, record.ResetAbort)), "it was open", "reset-abort"},
		{"syn-flood", many(200, func(i int) *record.Record {
			return made(uint64(i+1), failed(record.OpenNoAnswer, 1), from(numbered(1000+i, 1024)))
		}), Critical, "flood 10.0.0.2:80",
			many(200, func(i int) *record.Record {
				return made(uint64(i+1), failed(record.OpenNoAnswer, 4), from(numbered(1000+i, 1024)))
			}), "clients that repeat their SYNs mean it", "no-answer"},
		{"port-scan", many(15, func(i int) *record.Record {
			return made(uint64(i+1), failed(record.OpenRefused, 1), to(numbered(7, uint16(1+i))), set(bareSYN))
		}), Warning, "a SYN scan",
			same(15, failed(record.OpenRefused, 1)), "one server, tried again and again", "refused"},
		{"port-scan", many(15, func(i int) *record.Record {
			return made(uint64(i+1), failed(record.OpenNoAnswer, 3), to(numbered(i, uint16(20000+i))))
		}), Notice, "peer-to-peer",
			many(30, func(i int) *record.Record { return made(uint64(i+1), to(numbered(i, 443))) }), "a browser: they opened", ""},
		{"backscatter", many(20, func(i int) *record.Record { return made(uint64(i+1), set(echo), from(numbered(i, 1024))) }), Notice, "never asked",
			many(20, func(i int) *record.Record {
				return made(uint64(i+1), set(echo), from(numbered(i, 1024)), set(func(r *record.Record) { r.Ends[resp].SeenBytes = 100 }))
			}), "data follows: one direction of real connections", ""},
	}
}

// Each detector with what must raise it, and what looks alike and must not.
func TestDetectors(t *testing.T) {
	covered := map[string]bool{}
	for _, tt := range detectorCases() {
		covered[tt.detector] = true
		found := findingsOf(t, "", nil, tt.raise...)
		i := slices.IndexFunc(found, func(f Finding) bool { return f.Detector == tt.detector })
		if i < 0 {
			t.Errorf("%s is not raised, but %v", tt.detector, titles(found))
			continue
		}
		f := found[i]
		if f.Severity != tt.severity || !strings.Contains(f.Title+f.Explanation+strings.Join(f.Causes, ""), tt.says) {
			t.Errorf("%s: %s, %q, %q; want %s and %q", tt.detector, f.Severity, f.Title, f.Explanation, tt.severity, tt.says)
		}
		if f.Since == 0 || f.Until < f.Since || len(f.Conns) == 0 || len(f.Packets) == 0 {
			t.Errorf("%s lacks evidence: %+v", tt.detector, f)
		}
		alike := findingsOf(t, "", nil, tt.alike...)
		if slices.ContainsFunc(alike, func(f Finding) bool { return f.Detector == tt.detector }) {
			t.Errorf("%s is raised though %s: %v", tt.detector, tt.alikeIs, titles(alike))
		}
		if tt.alsoTells != "" && !slices.ContainsFunc(alike, func(f Finding) bool { return f.Detector == tt.alsoTells }) {
			t.Errorf("%s: what looks alike tells %v, want %s", tt.detector, titles(alike), tt.alsoTells)
		}
	}
	for _, d := range Detectors() {
		switch d.New(NewOptions()).(type) {
		case fromLedger, reuses: // see TestLedger
		default:
			if judgedHere(d.Group) && !covered[d.Name] {
				t.Errorf("%s has no test", d.Name)
			}
		}
	}
}

func titles(found []Finding) (all []string) {
	for _, f := range found {
		all = append(all, f.Detector+": "+f.Title)
	}
	return all
}

// hangUp lets the responder close an open connection at once, nobody having said anything.
func hangUp(r *record.Record) {
	r.Close.First = record.Resp
	r.Close.FINTime = [2]record.Opt[int64]{record.Some(r.Start + 20*millisecond), record.Some(r.Start + 10*millisecond)}
	mute(r, record.Orig)
	mute(r, record.Resp)
}

// otherTTL gives the RST one TTL and its sender's other segments another.
func otherTTL(rst, own uint8) func(r *record.Record) {
	return func(r *record.Record) {
		r.Close.ResetTTL.V, r.Ends[r.Close.ResetBy].TTL.V, r.Close.ResetOdd = rst, own, record.OddTTL
	}
}

// mute lets an end send no byte.
func mute(r *record.Record, e record.End) {
	r.Ends[e].SeenBytes, r.Ends[e].Bytes = 0, record.Some[uint64](0)
}

// old lets an older connection in a state answer the SYN.
func old(state record.State, resets bool) func(r *record.Record) {
	return func(r *record.Record) {
		r.Open.OldConn, r.Open.OldState, r.Open.OldReset = 1, state, resets
	}
}

// ignored is a RST that the receiver did not obey.
func ignored(r *record.Record) {
	r.Close.RSTsIgnored, r.Close.Ignored = 1, record.IgnoredRST{By: record.Resp, Packet: r.ID + 4}
}

// disobeyed is a RST at the number expected whose receiver went on.
func disobeyed(r *record.Record) {
	ignored(r)
	r.Close.Ignored.WentOn = true
}

// bareSYN is a SYN without the options that a system's connect() sets.
func bareSYN(r *record.Record) {
	e := &r.Ends[record.Orig]
	e.SACK, e.Timestamps, e.WScale = record.Some(false), record.Some(false), record.Opt[uint8]{}
}

// echo is a lone SYN/ACK.
func echo(r *record.Record) {
	failed(record.OpenHalfOpen, 1)(r)
	r.Open.SYNs, r.Capture.OneWay = 0, true
	r.Ends[record.Orig] = record.EndRecord{}
}

// What a scan and a flood touch is in no other finding; what fails beside them is.
func TestAttacksAreLeftOut(t *testing.T) {
	var all []*record.Record
	all = append(all, many(500, func(i int) *record.Record {
		return made(uint64(i+1), failed(record.OpenRefused, 1), from(point("10.66.6.6:1")), to(numbered(7, uint16(1+i))))
	})...)
	all = append(all, many(300, func(i int) *record.Record {
		return made(uint64(i+1000), failed(record.OpenHalfOpen, 1), from(numbered(1000+i, 1024)), to(point("10.0.0.9:443")))
	})...)
	all = append(all, many(5, func(i int) *record.Record {
		return made(uint64(i+2000), failed(record.OpenRefused, 1), to(numbered(7, 5)))
	})...)
	var got []string
	for _, f := range findingsOf(t, "", nil, all...) {
		got = append(got, f.Detector+" "+f.Subject.String())
	}
	want := []string{"syn-flood 10.0.0.9:443", "port-scan 10.66.6.6", "refused 10.9.0.7:5", "syn-cookies 10.0.0.9:443"}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

// On a capture that lost packets, or saw one direction only, nothing is more
// than possible.
func TestWeakCaptures(t *testing.T) {
	all := same(3, failed(record.OpenRefused, 1))
	for _, c := range []*Context{{Conns: 3, Drops: record.Some(uint64(1))}, {Conns: 100, OneWay: 20}} {
		for _, f := range findingsOf(t, "", c, all...) {
			if f.Group != GroupCapture && f.Confidence != Possible {
				t.Errorf("%s is %s on a weak capture", f.ID, f.Confidence)
			}
		}
	}
	if f := findingsOf(t, "", &Context{Conns: 100, OneWay: 2, Drops: record.Some(uint64(0))}, all...); f[0].Confidence != Proven {
		t.Errorf("a capture of both directions is weak: %+v", f[0])
	}
}

// Subjects past the limit are counted, and those that stay are complete; raw
// SYNs to all ports push out nobody else's listener.
func TestSubjectsAreBounded(t *testing.T) {
	d, _ := Select("refused")
	s := NewSet(d, NewOptions())
	const n, kept = 3 * maxSubjects, maxSubjects - rawSubjects
	for i := range n {
		s.Add(made(uint64(i+1), failed(record.OpenRefused, 1), from(numbered(i, 1024)), to(numbered(i, 80))))
	}
	if found, left := s.Findings(&Context{}), s.Left(); len(found) != 1 || found[0].Count != kept || left != n-kept {
		t.Errorf("%d findings and %d left, want one of %d and %d", len(found), left, kept, n-kept)
	}
	s = NewSet(Detectors(), NewOptions())
	for i := range 20000 {
		s.Add(made(uint64(i+1), failed(record.OpenRefused, 1), from(point("10.66.6.6:1")), to(numbered(7, uint16(1+i))), bareSYN))
	}
	for _, r := range same(5, failed(record.OpenRefused, 1)) {
		s.Add(r)
	}
	var got []string
	for _, f := range s.Findings(&Context{}) {
		got = append(got, f.Detector+" "+f.Subject.String())
	}
	if !slices.Equal(got, []string{"refused 10.0.0.2:80", "port-scan 10.66.6.6"}) {
		t.Errorf("beside a scan: %q", got)
	}
}
