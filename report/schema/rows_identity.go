package schema

import (
	"encoding/hex"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// identityFields are which connection it is, from when to when, and how far it came.
func identityFields() []Field {
	none, perhapsUntimed := hidden{}, hidden{perhaps: untimed}
	fields := []Field{
		{"type", Text, "", "always `conn`", none, made(func(w *row) Value { return textOf("conn") })},
		{"id", Count, "", "number of the connection's first packet in the input, from 1", none, packetAt(func(r *record.Record) any { return &r.ID })},
		{"orig_ip", Address, "", "address of the originator: it sent the SYN, or is guessed to have", none, made(func(w *row) Value { return Value{kind: address, a: &w.pair[0].Addr} }).into(func(r *record.Record, v Value) { r.Orig.Addr = addressOf(v) })},
		{"orig_port", Count, "", "port of the originator", none, at(func(r *record.Record) any { return &r.Orig.Port })},
		{"resp_ip", Address, "", "address of the responder", none, made(func(w *row) Value { return Value{kind: address, a: &w.pair[1].Addr} }).into(func(r *record.Record, v Value) { r.Resp.Addr = addressOf(v) })},
		{"resp_port", Count, "", "port of the responder", none, at(func(r *record.Record) any { return &r.Resp.Port })},
		{"first_packet", Count, "", "number of the first packet in the input, from 1; several files are numbered on", none, packetAt(func(r *record.Record) any { return &r.FirstPacket })},
		{"last_packet", Count, "", "number of the last packet", none, packetAt(func(r *record.Record) any { return &r.LastPacket })},
		{"file", Text, "", "name of the file of the first packet, when there are several", hidden{without: otherFiles}, made(fileOf)},
		{"file_packet", Count, "", "number of the first packet in that file", hidden{without: otherFiles}, made(filePacketOf).whereAbsent(func(w *row) Value {
			if w.FilePacket == w.FirstPacket {
				return Value{}
			}
			return countOf(w.FilePacket)
		}).into(func(r *record.Record, v Value) { r.FilePacket = uint64(v.n) })},
		{"start", Time, "", "time of the first packet", perhapsUntimed, momentAt(func(r *record.Record) (record.Opt[int64], *int64) { return r.Began(), &r.Start })},
		{"end", Time, "", "time of the last packet", perhapsUntimed, momentAt(func(r *record.Record) (record.Opt[int64], *int64) { return r.LastAt(), &r.End })},
		{"duration_s", Seconds, "s", "from the first to the last packet, steps of the clock left out", perhapsUntimed, made(func(w *row) Value { return optSeconds(w.Lasted()) })},
		{"orig_state", Text, "", "RFC 9293 state of the originator after the last packet", hidden{perhaps: midstream}, wordOf(record.NStates, record.Unknown, func(r *record.Record) *record.State { return &r.States[record.Orig] })},
		{"resp_state", Text, "", "the same for the responder", hidden{perhaps: midstream}, wordOf(record.NStates, record.Unknown, func(r *record.Record) *record.State { return &r.States[record.Resp] })},
		{"community_id", Text, "", "Community ID version 1, seed 0", none, made(func(w *row) Value { return Value{kind: community, p: &w.pair} })},
		{"local", Text, "", "live: which end is this host: `orig`, `resp` or `both`", hidden{without: hosts}, made(localOf)},
		{"link.interface", Text, "", "interface of the first packet", hidden{without: interfaces}, made(interfaceOf)},
		{"link.vlans", Counts, "", "VLAN tags of the first packet, outermost first", hidden{without: tags}, made(vlansOf).into(func(r *record.Record, v Value) { r.VLANs, r.NVLAN = [2]uint16{uint16(v.n >> 16), uint16(v.n)}, v.m })},
		{"tunnel.kind", Text, "", "what the first packet was carried in: `vxlan`, `geneve`, `gre`, ...", none, wordOf(capture.NTunnelKinds, capture.TunnelNone, func(r *record.Record) *capture.TunnelKind { return &r.Tunnel })},
		{"tunnel.id", Count, "", "VXLAN or Geneve network identifier, or GRE key, part of the identity", hidden{without: networks}, made(func(w *row) Value {
			if !w.TunnelPart {
				return Value{}
			}
			return countOf(w.TunnelID)
		}).whereAbsent(func(w *row) Value { return someOf(w.TunnelID) }).into(func(r *record.Record, v Value) { r.TunnelID, r.TunnelPart = uint32(v.n), true }).
			intoRaw(func(r *record.Record, v Value) { r.TunnelID = uint32(v.n) })},
		{"tunnel.other_kind", Text, "", "what the other direction was carried in, where that differs: `none`, `vxlan`, `geneve`, `gre`", hidden{without: networks}, made(func(w *row) Value {
			switch {
			case !w.Joined:
				return Value{}
			case w.JoinedTunnel == capture.TunnelNone:
				return textOf("none")
			}
			return textOf(w.JoinedTunnel.String())
		}).into(func(r *record.Record, v Value) { r.JoinedTunnel, r.Joined = kindOf(capture.NTunnelKinds, v.s) })},
		{"tunnel.other_id", Count, "", "its identifier", hidden{without: networks}, made(func(w *row) Value {
			if !w.Joined || w.JoinedTunnel == capture.TunnelNone {
				return Value{}
			}
			return countOf(w.JoinedID)
		}).into(func(r *record.Record, v Value) { r.JoinedID = uint32(v.n) })},
		{"final", Truth, "", "`false` on an interim record of a connection that goes on: see `revision`", hidden{without: interim}, made(func(w *row) Value {
			if !w.Interim {
				return Value{}
			}
			return truthOf(false)
		}).into(func(r *record.Record, v Value) { r.Interim = v.n == 0 })},
		{"conn_state", Text, "", "Zeek's connection state", none, textAt(func(r *record.Record) *string { return &r.ConnState })},
		{"history", Text, "", "Zeek's history", none, textAt(func(r *record.Record) *string { return &r.History })},
		{"place", Text, "", "name of the capture point: that of `--place`, else host and interface, or the name of the (first) file; with `--anonymize` only that of `--place`", none, textFrom(placeOf, func(r *record.Record) *string {
			if r.Input == nil {
				r.Input = new(record.Input)
			}
			return &r.Input.Place
		})},
		{"uid", Text, "", "tells the connection from those of all other runs and places, in 32 hex digits: the first half of the SHA-256 of `place`, a zero byte, the time of the input's first packet in ns since 1970 and `id`, in 8 bytes each, big-endian", none, made(func(w *row) Value {
			if w.Input == nil && w.UID == (record.UID{}) {
				return Value{}
			}
			return Value{kind: identity, r: w.Record}
		}).into(func(r *record.Record, v Value) {
			if id, ok := parseUID(v.s); ok {
				r.UID = id
			}
		})},
		{"revision", Count, "", "number of the record among those of the connection, from 1, where there are interim ones: the one with the highest counts, which is the final one's; absent where it is the only one", hidden{without: revisions}, at(func(r *record.Record) any { return &r.Revision }).ifAny()},
	}
	return append(fields, identityDetails()...)
}

// parseUID reads a uid.
func parseUID(text string) (id record.UID, ok bool) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(id) {
		return id, false
	}
	return record.UID(b), true
}

func placeOf(w *row) string {
	if w.Input == nil || w.opt.Unplaced {
		return ""
	}
	return w.Input.Place
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
