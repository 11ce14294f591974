package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
)

func captureDrops() Detector {
	return Detector{
		Name: "capture-drops", Group: GroupCapture, needs: traitNone,
		Doc: `The capture itself lost packets: what is absent from it may have been there.

Rule: an ACK for bytes that were never captured proves that they were sent and arrived,
so the capture missed them (RFC 9293 section 3.10.7.4: nobody acknowledges what did not come);
an ACK beyond every window seen, which no data bears out, is taken for a stray, and numbers of a segment with a wrong
checksum show no hole;
where only segments with SYN, FIN or RST were captured, a filter left the data out, and where no
ACK without data is in the whole capture, beside 20 segments with data or more, it left these out (a
file saved through a display filter; beside fewer that is possible only);
bytes that lone packets under other addresses, or data of the same end under other numbers, may hold, bytes missing beside
as many connections of damaged packets only, and bytes that packets which could not be decoded may hold, at most 9,000 each, are reported as such;
live, the kernel counts what it could not hand over; a file's own statistics count the drops of the capture from which it was saved, and where
that got more than twice as many packets as the file holds, they show no loss in it; more than any link carries (2.4 billion a second) for a day longer
than the capture is a wrong counter, and possible only. One per cent of the bytes and of the
connections, or any drop that the kernel counted, makes it a warning, and then no other finding is more than
possible. Losses "before the capture point" may be such drops. One-way captures are
counted apart: see capture-one-way.`,
		New: func(*Options) Fold { return fromQuality{tell: tellDrops} },
	}
}

// fastest is how many packets a second the fastest Ethernet link carries: 1.6 Tb/s
// (IEEE 802.3dj) of the shortest frame, 84 bytes with preamble and gap.
const fastest = 2_400_000_000

// overcounted reports whether more packets are counted as dropped than a link carries
// from the capture's first packet to its last, and in a day beside: a file does not
// say how long its capture ran.
func (c *Context) overcounted() bool {
	seconds := uint64(max(c.End-c.Start, 0))/1e9 + 86_400
	return c.Drops.V/fastest > seconds
}

// tellDropsOfMore tells of drops in a capture from which the input was saved: nothing shows that they are of its packets.
func tellDropsOfMore(c *Context) (Finding, *tally) {
	if !c.Drops.OK || c.Drops.V == 0 {
		return Finding{}, nil
	}
	return Finding{
		Severity: Info, Confidence: Possible,
		Title:       fmt.Sprintf("the input holds %s of %s packets of a capture that lost %s: whether any is absent here is not known", say.Thousands(c.Packets), say.Thousands(c.Received), say.Thousands(c.Drops.V)),
		Explanation: "The statistics of the capturing interface were copied with it and count all of that capture; no ACK here is for bytes that the input lacks.",
		causes:      []Cause{inCapture("the file was saved through a display filter, or holds some packets of a larger capture")},
		Advice:      []string{lookIntoSource},
	}, wholeCapture(c)
}

const (
	lookIntoSource = "Look into the capture from which this file was made."
	badIPChecksums = "In Wireshark, set to validate the IPv4 checksum, the filter ip.checksum.status == 0 shows packets whose IP header is damaged."
)

// leftOut is how many bytes must be missing for each that was captured for that to be no host that cannot keep up: it keeps a share.
const leftOut = 99

func tellDrops(c *Context, q *quality) (Finding, *tally) {
	dropped := c.dropped()
	if !dropped && q.missing.n == 0 && !q.lacksACKs() {
		return tellDropsOfMore(c)
	}
	hidden := !dropped && (q.filtered() || q.lacksACKs() || c.unread(q.lost)) // and not lost
	f := Finding{
		Severity: effect{harmless: hidden || !dropped && !q.lossy(), felt: true}.severity(), Confidence: Proven,
		Title:       fmt.Sprintf("the capture lost packets: %s of %s were never captured", say.Plural(q.lost, "acknowledged byte"), say.Plural(q.missing.n, "connection")),
		Explanation: "ACKs for bytes that were never captured prove that they arrived (RFC 9293 section 3.10.7.4): the capture missed them, not the receiver.",
		causes: []Cause{inCapture("the capturing host could not keep up: buffer too small, disk too slow"), beforeCapture("a mirror port that carries more than its own rate drops the rest"),
			inCapture("a capture that began or was filtered in the middle of things")},
		Advice: []string{"Capture with a larger buffer and shorter packets: `tcpdump -B 65536 -s 128 -w FILE`, and a filter that takes only what matters.",
			"`ethtool -S eth0` (the capturing interface's own name) shows what the card itself dropped."},
	}
	long := q.long == q.missing.n && q.long > 0
	if long {
		f.causes = append(f.causes, beforeCapture("what copies the packets (a mirror port, ERSPAN, a virtual switch) leaves out long segments that a card would cut (TSO)"))
	}
	if !dropped && q.fitsBuffer() && !long {
		f.causes = f.causes[:2]
		f.lead(inCapture("packets were taken out of the file, or a filter left them out"), "all that passed fits into the least capture buffer, and nothing came fast")
		f.Explanation += " All that passed fits into the least capture buffer (2 MiB) and nothing came fast: what was left out fits better than a host that could not keep up."
		f.Advice = append([]string{lookIntoSource}, f.Advice...)
	}
	if !dropped && !q.fitsBuffer() && q.lost/leftOut >= q.bytes-min(q.lost, q.bytes) && q.lost > 0 {
		f.causes = f.causes[:2]
		f.lead(inCapture("packets were taken out of the file, or a filter left them out"), "next to nothing of the data is in it")
		f.Advice = append([]string{lookIntoSource}, f.Advice...)
	}
	if !dropped && q.missing.made == q.missing.n {
		f.Title = fmt.Sprintf("%s of %s were never captured", say.Plural(q.lost, "acknowledged byte"), say.Plural(q.missing.n, "connection"))
		f.Explanation = "They were acknowledged, but not by a system's TCP: nothing need have been lost." + byHand
		f.causes = []Cause{madeItself()}
		f.Advice = []string{lookForMaker}
	}
	if q.lost > 0 && q.bytes > 0 {
		f.Explanation = fmt.Sprintf("That is %s of all bytes. %s", percentOf(q.lost, q.bytes), f.Explanation)
	}
	if dropped {
		f.counted = true
		f.causes = f.causes[:1] // what a mirror port drops, or a filter leaves out, the host does not count
		f.Title = fmt.Sprintf("the capture lost packets: the capturing host counted %s dropped", say.Thousands(c.Drops.V))
		if q.missing.n == 0 {
			f.Explanation = "The statistics of the capturing interface say so; no ACK in the capture is for bytes that it lacks."
		}
	}
	if dropped && c.overcounted() {
		f.Confidence = Possible
		f.Title = fmt.Sprintf("the capture's drop counter says %s, more packets than any link carries in a day: how many were lost is not known", say.Thousands(c.Drops.V))
		f.causes = []Cause{app("the program or driver that captured wrote a wrong counter into the file, or the file is damaged there")}
		f.Advice = []string{"`capinfos FILE` prints the counters of each interface; capture again, and compare with `ethtool -S eth0` (the capturing interface's own name)."}
	}
	if !dropped && q.filtered() {
		f.Title = fmt.Sprintf("only segments with SYN, FIN or RST were captured of %s: the data between is left out", say.Plural(q.missing.n, "connection"))
		f.Explanation = fmt.Sprintf("Their sequence numbers prove %s that the capture does not hold. So every other finding is at most possible.", say.Plural(q.lost, "byte"))
		f.causes = []Cause{inCapture("a capture filter on the flags, such as `tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0`")}
		f.Advice = []string{"For loss, round trips and windows capture all segments: `tcpdump -s 128 -w FILE` keeps the file small."}
	} else if !dropped && q.lacksACKs() {
		f.Confidence = Likely
		f.Title = fmt.Sprintf("no ACK without data is in the capture, beside %s with data: a filter left them out", say.Plural(q.data, "segment"))
		f.Explanation = "A receiver acknowledges at least every second full segment, and any within half a second, without data where it has none to send (RFC 9293 section 3.8.6.3)."
		if q.missing.n > 0 {
			f.Explanation += fmt.Sprintf(" %s of %s are absent as well.", say.Plural(q.lost, "acknowledged byte"), say.Plural(q.missing.n, "connection"))
		}
		f.Explanation += " What rests on missing ACKs or on losses is not reported, and every other finding is at most possible."
		f.causes = []Cause{inCapture("the file was saved through a display filter, which kept the packets of one protocol or those with data"), inCapture("a capture filter on the length or the content of packets")}
		f.Advice = []string{"Look into the capture from which this file was made, or capture without such a filter: `tcpdump -s 128 -w FILE` keeps the file small."}
		if !q.takesACKs() {
			f.Confidence = Possible
			f.Title = fmt.Sprintf("no ACK without data is in the capture, beside %s with data: it does not hold all that was sent", say.Plural(q.data, "segment"))
			f.causes = append(f.causes, inCapture("single packets were picked out of a larger capture"))
		}
	} else if !dropped && c.damaged >= q.missing.n {
		f.Confidence = Possible
		f.Title = fmt.Sprintf("%s of %s were not captured, beside packets that are damaged", say.Plural(q.lost, "acknowledged byte"), say.Plural(q.missing.n, "connection"))
		f.Explanation = fmt.Sprintf("ACKs prove that they arrived (RFC 9293 section 3.10.7.4), unless these are damaged as well. Of %s nothing but packets with a wrong IPv4 header checksum was seen: the bytes may be in packets that were damaged or edited in the file.",
			say.Plural(c.damaged, "connection"))
		f.lead(inCapture("packets were damaged or edited in the file, or on the path to where it was captured"), "as many connections consist of damaged packets")
		f.Advice = []string{badIPChecksums, lookIntoSource}
	} else if !dropped && c.unread(q.lost) {
		f.Confidence = Possible
		f.Title = fmt.Sprintf("%s of %s were not read: %s could not be decoded", say.Plural(q.lost, "acknowledged byte"), say.Plural(q.missing.n, "connection"), say.Plural(c.Undecoded, "packet"))
		f.Explanation = "They may be in packets that were captured and not decoded: encrypted, compressed, in fragments or of an unknown kind (`skipped` in the statistics)."
		f.causes = f.causes[:1]
		what := "a tunnel whose content is not decoded"
		if c.Fragments*2 > c.Undecoded {
			what = "their segments came in fragments, of which others were not captured: without all of them a segment can't be read"
			f.Advice = []string{"Capture all fragments: a filter on ports keeps only the first of each datagram, `tcpdump -w FILE 'tcp or (ip[6:2] & 0x3fff != 0)'` keeps the others too."}
		}
		f.lead(inCapture(what), "packets that were not decoded are enough to hold them")
	} else if !dropped && q.renumbered() {
		f.Confidence = Possible
		f.Title = fmt.Sprintf("%s of %s were not captured where their numbers belong; segments with other numbers hold %s", say.Plural(q.lost, "acknowledged byte"), say.Plural(q.missing.n, "connection"), say.Thousands(q.astray))
		f.Explanation = "ACKs prove that they arrived (RFC 9293 section 3.10.7.4). Either the capture missed them, or they are in data of the same end whose sequence numbers fit nothing that was captured."
		f.lead(inCapture("sequence numbers that were damaged or edited in the file"), "data of the same end with numbers that fit nothing holds as much")
		f.Advice = []string{lookIntoSource}
	} else if !dropped && q.readdressed() {
		f.Confidence = Possible
		f.Title = fmt.Sprintf("%s of %s were not captured; single packets under other addresses hold %s", say.Plural(q.lost, "acknowledged byte"), say.Plural(q.missing.n, "connection"), say.Thousands(q.strayed))
		f.Explanation = fmt.Sprintf("ACKs prove that they arrived (RFC 9293 section 3.10.7.4). Either the capture missed them, or they are in packets whose addresses were damaged or rewritten: of %s nothing but a packet or two with data was seen.",
			say.Plural(q.strays, "connection"))
		f.lead(inCapture("packets whose addresses or ports were damaged or rewritten on the path or in the file"), "single packets under other addresses hold nearly as much")
		f.Advice = append([]string{badIPChecksums}, f.Advice...)
	} else if dropped || q.lossy() {
		f.Explanation += " So every other finding is at most possible."
	}
	if q.missing.n == 0 {
		return f, wholeCapture(c)
	}
	return f, &q.missing
}
