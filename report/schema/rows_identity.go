package schema

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// identityFields are which connection it is, from when to when, and how far it came.
func identityFields() []Field {
	none, perhapsUntimed := hidden{}, hidden{perhaps: untimed}
	return []Field{
		{"type", Text, "", "always `conn`", none, made(func(w *row) Value { return textOf("conn") })},
		{"id", Count, "", "number of the connection's first packet in the input, from 1", none, at(func(r *record.Record) any { return &r.ID })},
		{"orig_ip", Address, "", "address of the originator: it sent the SYN, or is guessed to have", none, made(func(w *row) Value { return Value{kind: address, p: &w.pair, n: 0} })},
		{"orig_port", Count, "", "port of the originator", none, at(func(r *record.Record) any { return &r.Orig.Port })},
		{"resp_ip", Address, "", "address of the responder", none, made(func(w *row) Value { return Value{kind: address, p: &w.pair, n: 1} })},
		{"resp_port", Count, "", "port of the responder", none, at(func(r *record.Record) any { return &r.Resp.Port })},
		{"first_packet", Count, "", "number of the first packet in the input, from 1; several files are numbered on", none, at(func(r *record.Record) any { return &r.FirstPacket })},
		{"last_packet", Count, "", "number of the last packet", none, at(func(r *record.Record) any { return &r.LastPacket })},
		{"file", Text, "", "name of the file of the first packet, when there are several", none, made(fileOf)},
		{"file_packet", Count, "", "number of the first packet in that file", none, made(filePacketOf)},
		{"start", Time, "", "time of the first packet", perhapsUntimed, made(func(w *row) Value { return optMoment(w.Began()) })},
		{"end", Time, "", "time of the last packet", perhapsUntimed, made(func(w *row) Value { return optMoment(w.LastAt()) })},
		{"duration_s", Seconds, "s", "from the first to the last packet, steps of the clock left out", perhapsUntimed, made(func(w *row) Value { return optSeconds(w.Lasted()) })},
		{"orig_state", Text, "", "RFC 9293 state of the originator after the last packet", hidden{perhaps: midstream}, made(func(w *row) Value { return textOf(w.States[record.Orig].String()) })},
		{"resp_state", Text, "", "the same for the responder", hidden{perhaps: midstream}, made(func(w *row) Value { return textOf(w.States[record.Resp].String()) })},
		{"community_id", Text, "", "Community ID version 1, seed 0", none, made(func(w *row) Value { return Value{kind: community, p: &w.pair} })},
		{"local", Text, "", "live: which end is this host: `orig`, `resp` or `both`", none, made(localOf)},
		{"link.interface", Text, "", "interface of the first packet", none, made(interfaceOf)},
		{"link.vlans", Counts, "", "VLAN tags of the first packet, outermost first", none, made(vlansOf)},
		{"tunnel.kind", Text, "", "what the first packet was carried in: `vxlan`, `geneve`, `gre`, ...", none, made(func(w *row) Value { return textOf(w.Tunnel.String()) })},
		{"tunnel.id", Count, "", "VXLAN or Geneve network identifier, or GRE key, part of the identity", none, made(func(w *row) Value {
			if !w.TunnelPart {
				return Value{}
			}
			return countOf(w.TunnelID)
		})},
		{"tunnel.other_kind", Text, "", "what the other direction was carried in, where that differs: `none`, `vxlan`, `geneve`, `gre`", none, made(func(w *row) Value {
			switch {
			case !w.Joined:
				return Value{}
			case w.JoinedTunnel == capture.TunnelNone:
				return textOf("none")
			}
			return textOf(w.JoinedTunnel.String())
		})},
		{"tunnel.other_id", Count, "", "its identifier", none, made(func(w *row) Value {
			if !w.Joined || w.JoinedTunnel == capture.TunnelNone {
				return Value{}
			}
			return countOf(w.JoinedID)
		})},
		{"final", Truth, "", "`false` on an interim record of a connection that goes on", none, made(func(w *row) Value {
			if !w.Interim {
				return Value{}
			}
			return truthOf(false)
		})},
		{"conn_state", Text, "", "Zeek's connection state", none, made(func(w *row) Value { return textOf(w.ConnState) })},
		{"history", Text, "", "Zeek's history", none, made(func(w *row) Value { return textOf(w.History) })},
	}
}

func fileOf(w *row) Value {
	if len(w.opt.Files) < 2 || w.File < 0 || w.File >= len(w.opt.Files) {
		return Value{}
	}
	return textOf(w.opt.Files[w.File])
}

func filePacketOf(w *row) Value {
	if len(w.opt.Files) < 2 {
		return Value{}
	}
	return countOf(w.FilePacket)
}

func localOf(w *row) Value {
	if w.opt.Local == nil {
		return Value{}
	}
	orig, resp := w.opt.Local(w.Orig.Addr), w.opt.Local(w.Resp.Addr)
	switch {
	case orig && resp:
		return textOf(record.Both.String())
	case orig:
		return textOf(record.Orig.String())
	case resp:
		return textOf(record.Resp.String())
	}
	return textOf(record.NoEnd.String())
}

func interfaceOf(w *row) Value {
	if w.Interface < 0 || w.Interface >= len(w.opt.Interfaces) {
		return Value{}
	}
	return textOf(w.opt.Interfaces[w.Interface])
}

func vlansOf(w *row) Value {
	if w.NVLAN == 0 {
		return Value{}
	}
	return Value{kind: vlans, m: min(w.NVLAN, 2), n: int64(w.VLANs[0])<<16 | int64(w.VLANs[1])}
}
