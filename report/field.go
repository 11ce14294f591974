package report

import (
	"strings"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// row is what the fields read: a record, and the names that belong to the
// indices in it.
type row struct {
	*record.Record
	opt  *JSONOptions
	pair [2]capture.Endpoint
}

// set points the row at another record.
func (w *row) set(r *record.Record) {
	w.Record = r
	w.pair = [2]capture.Endpoint{r.Orig, r.Resp}
}

// field is one field of the record: the row of the table from which JSON
// Lines, CSV and the documentation are made.
type field struct {
	name string // with dots: open.felt_s
	doc  string
	get  func(w *row) value
}

// recordFields is the schema, in the order of output. Fields of one group
// follow each other.
func recordFields() []field {
	fields := identityFields()
	fields = append(fields, openFields()...)
	fields = append(fields, closeFields()...)
	fields = append(fields, restFields()...)
	fields = append(fields, endFields("orig", "originator", record.Orig)...)
	fields = append(fields, endFields("resp", "responder", record.Resp)...)
	fields = append(fields, nameFields()...)
	return append(fields, captureFields()...)
}

func identityFields() []field {
	return []field{
		{"type", "always `conn`", func(w *row) value { return textOf("conn") }},
		{"id", "number of the connection's first packet in the input, from 1", func(w *row) value { return countOf(w.ID) }},
		{"orig_ip", "address of the originator: it sent the SYN, or is guessed to have", func(w *row) value { return value{kind: address, p: &w.pair, n: 0} }},
		{"orig_port", "port of the originator", func(w *row) value { return countOf(w.Orig.Port) }},
		{"resp_ip", "address of the responder", func(w *row) value { return value{kind: address, p: &w.pair, n: 1} }},
		{"resp_port", "port of the responder", func(w *row) value { return countOf(w.Resp.Port) }},
		{"first_packet", "number of the first packet in the input, from 1; several files are numbered on", func(w *row) value { return countOf(w.FirstPacket) }},
		{"last_packet", "number of the last packet", func(w *row) value { return countOf(w.LastPacket) }},
		{"file", "name of the file of the first packet, when there are several", fileOf},
		{"file_packet", "number of the first packet in that file", filePacketOf},
		{"start", "time of the first packet", func(w *row) value { return optMoment(w.Began()) }},
		{"end", "time of the last packet", func(w *row) value { return optMoment(w.LastAt()) }},
		{"duration_s", "from the first to the last packet, steps of the clock left out", func(w *row) value { return optSeconds(w.Lasted()) }},
		{"orig_state", "RFC 9293 state of the originator after the last packet", func(w *row) value { return textOf(w.States[record.Orig].String()) }},
		{"resp_state", "the same for the responder", func(w *row) value { return textOf(w.States[record.Resp].String()) }},
		{"community_id", "Community ID version 1, seed 0", func(w *row) value { return value{kind: community, p: &w.pair} }},
		{"local", "live: which end is this host: `orig`, `resp` or `both`", localOf},
		{"link.interface", "interface of the first packet", interfaceOf},
		{"link.vlans", "VLAN tags of the first packet, outermost first", vlansOf},
		{"tunnel.kind", "what the first packet was carried in: `vxlan`, `geneve`, `gre`, ...", func(w *row) value { return textOf(w.Tunnel.String()) }},
		{"tunnel.id", "VXLAN or Geneve network identifier, or GRE key, part of the identity", func(w *row) value {
			if !w.TunnelPart {
				return value{}
			}
			return countOf(w.TunnelID)
		}},
		{"tunnel.other_kind", "what the other direction was carried in, where that differs: `none`, `vxlan`, `geneve`, `gre`", func(w *row) value {
			switch {
			case !w.Joined:
				return value{}
			case w.JoinedTunnel == capture.TunnelNone:
				return textOf("none")
			}
			return textOf(w.JoinedTunnel.String())
		}},
		{"tunnel.other_id", "its identifier", func(w *row) value {
			if !w.Joined || w.JoinedTunnel == capture.TunnelNone {
				return value{}
			}
			return countOf(w.JoinedID)
		}},
		{"final", "`false` on an interim record of a connection that goes on", func(w *row) value {
			if !w.Interim {
				return value{}
			}
			return truthOf(false)
		}},
		{"conn_state", "Zeek's connection state", func(w *row) value { return textOf(w.ConnState) }},
		{"history", "Zeek's history", func(w *row) value { return textOf(w.History) }},
	}
}

func fileOf(w *row) value {
	if len(w.opt.Files) < 2 || w.File < 0 || w.File >= len(w.opt.Files) {
		return value{}
	}
	return textOf(w.opt.Files[w.File])
}

func filePacketOf(w *row) value {
	if len(w.opt.Files) < 2 {
		return value{}
	}
	return countOf(w.FilePacket)
}

func localOf(w *row) value {
	if w.opt.Local == nil {
		return value{}
	}
	return textOf(w.opt.Local(w.Record).String())
}

func interfaceOf(w *row) value {
	if w.Interface < 0 || w.Interface >= len(w.opt.Interfaces) {
		return value{}
	}
	return textOf(w.opt.Interfaces[w.Interface])
}

func vlansOf(w *row) value {
	if w.NVLAN == 0 {
		return value{}
	}
	return value{kind: vlans, m: min(w.NVLAN, 2), n: int64(w.VLANs[0])<<16 | int64(w.VLANs[1])}
}

func captureFields() []field {
	return []field{
		{"capture.midstream", "the first packet seen is no SYN: states are inferred, the originator may be guessed", func(w *row) value { return truthOf(w.Capture.Midstream) }},
		{"capture.forgotten", "`true` when it began without a SYN after a full table had dropped connections: it may be one of those", func(w *row) value {
			if !w.Capture.Forgotten {
				return value{}
			}
			return truthOf(true)
		}},
		{"capture.tap", "where the capture point stands: near orig, near resp, or between", func(w *row) value { return textOf(w.Capture.Tap.String()) }},
		{"capture.one_way", "only one direction was captured: ACKs tell that the other end, too, sent something in the time that was captured", func(w *row) value { return truthOf(w.Capture.OneWayShown) }},
		{"capture.truncated", "the snaplen cut segments", func(w *row) value { return truthOf(w.Capture.Truncated) }},
		{"capture.duplicates", "packets that the capture saw twice", func(w *row) value { return countOf(w.Capture.Duplicates) }},
		{"capture.missing_bytes", "bytes acknowledged that the capture never saw; absent when known modulo 2^32 only", func(w *row) value {
			if w.Ends[record.Orig].SpanUnknown || w.Ends[record.Resp].SpanUnknown {
				return value{}
			}
			return countOf(w.Capture.MissingBytes)
		}},
		{"capture.given_up_bytes", "bytes in gaps that were forgotten while they were open (more at once than are remembered): whether they were captured later is not known; absent when none", func(w *row) value { return someOf(w.Capture.GivenUpBytes) }},
		{"capture.offload", "segments longer than the wire allows: taken before the card cut them", func(w *row) value { return truthOf(w.Capture.Offload) }},
		{"capture.time_went_back", "packets stamped earlier than the one before, or so far off that those around them take it back", func(w *row) value { return countOf(w.Capture.TimeWentBack) }},
		{"capture.untimed", "packets without a time (Simple Packet Blocks of pcapng): all spans are absent", func(w *row) value { return someOf(w.Capture.Untimed) }},
		{"capture.stepped_s", "by how much the clock was stepped between its packets: no span has it in it", func(w *row) value { return someSeconds(w.Capture.Stepped) }},
		{"capture.uncovered_s", "how long nobody captured between its packets: only duration_s has it in it", func(w *row) value { return someSeconds(w.Capture.Uncovered) }},
		{"capture.unknown", "the reasons for which fields of this record are absent (see below); absent when there are none", func(w *row) value {
			if s := reasonsOf(w.Record); s != 0 {
				return value{kind: lacking, n: int64(s)}
			}
			return value{}
		}},
	}
}

// someOf is a count, absent when it is 0.
func someOf[T ~uint32 | ~uint64](n T) value {
	if n == 0 {
		return value{}
	}
	return countOf(n)
}

// someSeconds is a span, absent when it is 0.
func someSeconds(ns int64) value {
	if ns == 0 {
		return value{}
	}
	return secondsOf(ns)
}

func optMoment(o record.Opt[int64]) value {
	if !o.OK {
		return value{}
	}
	return momentOf(o.V)
}

// read is the field's value, which is absent where it is a time that the record's
// packets have not.
func (f *field) read(w *row) value {
	v := f.get(w)
	if w.Capture.Untimed > 0 {
		switch v.kind {
		case seconds, moment, syns, episodes:
			if f.name != "start" && f.name != "end" && f.name != "duration_s" {
				return value{}
			}
		}
	}
	return v
}

func optSeconds(o record.Opt[int64]) value {
	if !o.OK {
		return value{}
	}
	return secondsOf(o.V)
}

func optCount[T ~uint8 | ~uint16 | ~uint32 | ~uint64](o record.Opt[T]) value {
	if !o.OK {
		return value{}
	}
	return countOf(o.V)
}

func optTruth(o record.Opt[bool]) value {
	if !o.OK {
		return value{}
	}
	return truthOf(o.V)
}

// groups of a field: "keepalive.orig.probes" is in keepalive and orig.
func (f *field) groups() []string {
	parts := strings.Split(f.name, ".")
	return parts[:len(parts)-1]
}

// nested reports whether the field is an array of objects: JSON Lines only.
func (f *field) nested() bool { return strings.HasSuffix(f.name, "_list") }

// leaf is the last part of the name.
func (f *field) leaf() string { return f.name[strings.LastIndexByte(f.name, '.')+1:] }
