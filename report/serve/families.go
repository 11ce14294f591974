package serve

import (
	"cmp"
	"slices"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// kind is what a family holds.
type kind uint8

const (
	counter kind = iota
	gauge
	histogram
	upDown // a gauge whose series may be added up: OpenTelemetry's UpDownCounter
)

// family is a metric with all its series: what Prometheus scrapes and OTLP is sent are made of it.
type family struct {
	kind   kind
	name   string // Prometheus'
	otel   string // OpenTelemetry's, where it has one; else of our own
	unit   string // for OpenTelemetry: UCUM
	help   string
	labels []label
	fixed  []attribute // what OpenTelemetry wants to be told with every series
	series []series
}

// label is the name of a label, and what OpenTelemetry calls that attribute.
type label struct{ name, otel string }

// series are the values of the labels, and what is told of them.
type series struct {
	values []string
	n      float64
	// Of a histogram n is the sum; classes count by report.FeltBounds.
	classes []uint64
}

func (f *family) add(n float64, values ...string) {
	f.series = append(f.series, series{values: values, n: n})
}

var (
	ofListener = label{"server", "tcpwatch.server"}
	senders    = [2]string{record.Orig: "client", record.Resp: "server"}
)

// listenerFamilies are the counters by listener.
func listenerFamilies(all []*place) []family {
	opened := family{name: "tcpwatch_connections_opened_total", otel: "tcpwatch.connection.opened", unit: "{connection}",
		help: "Connections that opened, by a handshake or simultaneously.", labels: []label{ofListener}}
	failed := family{name: "tcpwatch_connections_failed_total", otel: "tcpwatch.connection.failed", unit: "{connection}",
		help: "Attempts to open a connection that failed, by cause.", labels: []label{ofListener, {"cause", "tcpwatch.cause"}}}
	closed := family{name: "tcpwatch_connections_closed_total", otel: "tcpwatch.connection.closed", unit: "{connection}",
		help: "Connections that are over, by how they closed.", labels: []label{ofListener, {"kind", "tcpwatch.close.kind"}}}
	again := family{name: "tcpwatch_retransmissions_total", otel: "tcpwatch.segment.retransmitted", unit: "{segment}",
		help:   "Segments sent again: data by what made the sender repeat it, SYN (a server's are SYN/ACKs) and FIN apart.",
		labels: []label{ofListener, {"sender", "tcpwatch.sender"}, {"class", "tcpwatch.retransmission.class"}}}
	spurious := family{name: "tcpwatch_retransmissions_spurious_total", otel: "tcpwatch.segment.retransmitted.spurious", unit: "{segment}",
		help: "Of the data sent again, segments that had arrived already.", labels: []label{ofListener, {"sender", "tcpwatch.sender"}}}
	windows := family{name: "tcpwatch_zero_windows_total", otel: "tcpwatch.window.closed", unit: "{episode}",
		help: "Times that an end closed its receive window.", labels: []label{ofListener, {"receiver", "tcpwatch.receiver"}}}
	felt := family{kind: histogram, name: "tcpwatch_handshake_duration_seconds", otel: "tcpwatch.handshake.duration", unit: "s",
		help: "Time from the first SYN to the ACK that completes the handshake.", labels: []label{ofListener}}
	for _, x := range all {
		c := &x.shown
		opened.add(float64(c[report.CountOpened]), x.name)
		for k := record.OpenRefused; k <= record.OpenAborted; k++ {
			failed.add(float64(c[report.CountFailed+int(k-record.OpenRefused)]), x.name, k.String())
		}
		for k := range record.NCloseKinds {
			if k != record.CloseNeverOpened && k != record.CloseOpen {
				closed.add(float64(c[report.CountClosed+int(k)]), x.name, cmp.Or(k.String(), "unknown"))
			}
		}
		for e, sender := range senders {
			for class := range report.NAgainClasses {
				again.add(float64(c[report.CountAgainOf(record.End(e), class)]), x.name, sender, class.String())
			}
			spurious.add(float64(c[report.CountSpurious+e]), x.name, sender)
			windows.add(float64(c[report.CountZeroWindow+e]), x.name, sender)
		}
		felt.series = append(felt.series, series{values: []string{x.name}, n: float64(c[report.CountFeltSum]) / 1e9,
			classes: c[report.CountFelt:report.CountFeltSum]})
	}
	return []family{opened, failed, closed, felt, again, spurious, windows}
}

// stateFamily counts the connections that are held by the state of each end.
func stateFamily(x *report.Standing) family {
	f := family{kind: upDown, name: "tcpwatch_connections", otel: "system.network.connection.count", unit: "{connection}",
		help:   "Connections that are held, by the state of an end.",
		labels: []label{{"end", "tcpwatch.end"}, {"state", "network.connection.state"}}, fixed: []attribute{textAttribute("network.transport", "tcp")}}
	for e, end := range senders {
		for s := range record.NStates {
			if s != record.Unknown {
				// OpenTelemetry's words for states.
				f.add(float64(x.Ends[e][s]), end, strings.ToLower(strings.ReplaceAll(s.String(), "-", "_")))
			}
		}
	}
	return f
}

// timeWaitFamily counts what is held in TIME-WAIT by host: each of this host's addresses, the top
// others, and the rest.
func timeWaitFamily(c *report.Counters, top int, local func(capture.Addr) bool) family {
	f := family{kind: gauge, name: "tcpwatch_time_wait_connections", otel: "tcpwatch.time_wait.count", unit: "{connection}",
		help: "Connections that a host holds in TIME-WAIT.", labels: []label{{"holder", "tcpwatch.holder"}}}
	var hosts []capture.Addr
	for a := range c.Holders {
		hosts = append(hosts, a)
	}
	mine := func(a capture.Addr) int {
		if local != nil && local(a) {
			return 0
		}
		return 1
	}
	slices.SortFunc(hosts, func(a, b capture.Addr) int {
		return cmp.Or(cmp.Compare(mine(a), mine(b)), cmp.Compare(c.Holders[b], c.Holders[a]), slices.Compare(a[:], b[:]))
	})
	others, left := c.Others, [2]int{maxOwn, top} // this host's addresses, and others
	for _, a := range hosts {
		if left[mine(a)]--; left[mine(a)] >= 0 {
			f.add(float64(c.Holders[a]), a.String())
		} else {
			others += c.Holders[a]
		}
	}
	f.add(float64(others), otherName)
	return f
}

// named is what a finding is counted by.
type named struct {
	detector string
	severity diagnose.Severity
}

// findingFamilies count the findings that stand, and those that ever appeared.
func findingFamilies(stand []diagnose.Finding, appeared map[named]uint64) []family {
	labels := []label{{"detector", "tcpwatch.detector"}, {"severity", "tcpwatch.severity"}}
	now := family{kind: gauge, name: "tcpwatch_findings", otel: "tcpwatch.finding.count", unit: "{finding}",
		help: "Findings that stand: what is wrong now; of files that are read to the end, all of the report.", labels: labels}
	ever := family{name: "tcpwatch_findings_appeared_total", otel: "tcpwatch.finding.appeared", unit: "{finding}",
		help: "Findings that appeared while the run went on.", labels: labels}
	counts := make(map[named]uint64, len(appeared))
	for k := range appeared {
		counts[k] = 0 // a series that was there stays
	}
	for i := range stand {
		counts[named{stand[i].Detector, stand[i].Severity}]++
	}
	for _, x := range []struct {
		to *family
		n  map[named]uint64
	}{{&now, counts}, {&ever, appeared}} {
		var all []named
		for k := range x.n {
			all = append(all, k)
		}
		slices.SortFunc(all, func(a, b named) int {
			return cmp.Or(cmp.Compare(a.detector, b.detector), cmp.Compare(b.severity, a.severity))
		})
		for _, k := range all {
			x.to.add(float64(x.n[k]), k.detector, k.severity.String())
		}
	}
	return []family{now, ever}
}

// runFamilies tell how far the run is, what it lost and what it takes.
func runFamilies(h *report.Headline, at int64, ended bool, o *MeterOptions) []family {
	k := &h.Tracker
	dropped := family{name: "tcpwatch_dropped_packets_total", otel: "tcpwatch.packet.dropped", unit: "{packet}",
		help: "Packets that were not captured: the kernel had no room, or the interface dropped them.", labels: []label{{"by", "tcpwatch.dropped_by"}}}
	if h.KernelDrops.OK {
		dropped.add(float64(h.KernelDrops.V), "kernel")
	}
	if h.InterfaceDrops.OK {
		dropped.add(float64(h.InterfaceDrops.V), "interface")
	}
	skipped := family{name: "tcpwatch_skipped_packets_total", otel: "tcpwatch.packet.skipped", unit: "{packet}",
		help: "Packets that held no TCP segment, or none that could be decoded.", labels: []label{{"reason", "tcpwatch.reason"}}}
	for _, s := range h.Skipped {
		skipped.add(float64(s.N), s.Reason)
	}
	cpu, memory := o.Cost()
	one := func(kind kind, name, otel, unit, help string, n float64) family {
		f := family{kind: kind, name: name, otel: otel, unit: unit, help: help}
		f.add(n)
		return f
	}
	over := 0.
	if ended {
		over = 1
	}
	build := family{kind: gauge, name: "tcpwatch_build_info", otel: "tcpwatch.build", unit: "1", help: "The version of tcpwatch; its value is 1.",
		labels: []label{{"version", "service.version"}}}
	build.add(1, o.Version)
	return []family{
		one(counter, "tcpwatch_packets_total", "tcpwatch.packet.read", "{packet}", "Packets read, before the filter.", float64(h.Packets)),
		one(counter, "tcpwatch_segments_total", "tcpwatch.segment.read", "{segment}", "TCP segments decoded.", float64(h.Segments)),
		dropped, skipped,
		one(gauge, "tcpwatch_held_connections", "tcpwatch.connection.held", "{connection}", "Connections that the table holds, with those that are over but may still get a segment.", float64(k.Open)),
		one(counter, "tcpwatch_evicted_connections_total", "tcpwatch.connection.evicted", "{connection}", "Connections that were forgotten because the table was full.", float64(k.Evicted)),
		one(gauge, "tcpwatch_packet_time_seconds", "tcpwatch.packet.time", "s", "Time of the newest packet, since 1970.", float64(at)/1e9),
		one(gauge, "tcpwatch_input_ended", "tcpwatch.input.ended", "1", "1 when all of the input is read.", over),
		one(counter, "process_cpu_seconds_total", "process.cpu.time", "s", "CPU time that tcpwatch took, user and system.", float64(cpu)/1e9),
		one(gauge, "tcpwatch_memory_bytes", "process.memory.usage", "By", "Memory that tcpwatch holds.", float64(memory)),
		build,
	}
}
