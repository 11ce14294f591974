package schema

import "tcpwatch/tracker/record"

// episodeValues are the parts of a time in which an end had its window closed.
func episodeValues(x *record.ZeroWindowEpisode, r *record.Record) (v [maxParts]Value) {
	v[0], v[1], v[4] = momentOf(x.Start), countOf(x.Packet), countOf(x.Probes)
	if x.EndPacket != 0 {
		v[2], v[3] = momentOf(x.End), countOf(x.EndPacket)
	}
	if !(r.Interim && x.EndPacket == 0) {
		v[5] = textOf(x.EndedBy.String())
	}
	return v
}

// episodeOf is such a time of its parts.
func episodeOf(v *[maxParts]Value) record.ZeroWindowEpisode {
	by, _ := kindOf(record.NZeroWindowEnds, v[5].s)
	e := record.ZeroWindowEpisode{Start: v[0].n, Packet: uint64(v[1].n), EndPacket: uint64(v[3].n), Probes: uint32(v[4].n), EndedBy: by}
	if e.EndPacket != 0 {
		e.End = v[2].n
	}
	return e
}

// transitionValues are the parts of an edge.
func transitionValues(t *record.Transition, r *record.Record) (v [maxParts]Value) {
	if r.Capture.Untimed == 0 {
		v[0] = momentOf(r.Stamp(t.Time))
	}
	v[1], v[2], v[3] = someOf(t.Packet), textOf(t.End.String()), textOf(t.From.String())
	v[4], v[5] = Value{kind: text, s: t.To.String()}, textOf(t.Basis.String())
	return v
}

// transitionOf is an edge of its parts.
func transitionOf(v *[maxParts]Value) record.Transition {
	t := record.Transition{Time: v[0].n, Packet: uint64(v[1].n)}
	t.End, _ = kindOf(record.NEnds, v[2].s)
	t.From, _ = kindOf(record.NStates, v[3].s)
	t.To, _ = kindOf(record.NStates, v[4].s)
	t.Basis, _ = kindOf(record.NBases, v[5].s)
	return t
}

// appendObjects appends n objects as an array of JSON; of is what the ith holds.
func appendObjects(b []byte, parts []part, n int, of func(i int) [maxParts]Value) []byte {
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		between := byte('{')
		values := of(i)
		for p := range parts {
			if values[p].kind == absent {
				continue
			}
			b = append(append(append(b, between, '"'), parts[p].name...), '"', ':')
			b = values[p].appendJSON(b)
			between = ','
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

// appendEpisodes appends the times in which an end had its window closed.
func appendEpisodes(b []byte, r *record.Record, e record.End) []byte {
	list := r.Ends[e].ZeroWindowList
	return appendObjects(b, partsOf(""), len(list), func(i int) [maxParts]Value { return episodeValues(&list[i], r) })
}

// appendTransitions appends the edges of a connection.
func appendTransitions(b []byte, r *record.Record) []byte {
	return appendObjects(append(b, `,"transitions":`...), partsOf(transitionsName), len(r.Transitions), func(i int) [maxParts]Value {
		return transitionValues(&r.Transitions[i], r)
	})
}

// objects takes the objects of an array.
func (s *scan) objects(parts []part, each func(v *[maxParts]Value)) error {
	if s.peek() != '[' {
		return cannotBe(s.raw())
	}
	for s.at++; ; {
		switch s.peek() {
		case ']':
			s.at++
			return nil
		case '{':
		default:
			return cannotBe(s.raw())
		}
		var values [maxParts]Value
		err := s.object(func(key string) (err error) {
			for i := range parts {
				if parts[i].name == key {
					values[i], err = s.value(parts[i].typ)
					return err
				}
			}
			return s.skip()
		})
		if err != nil {
			return err
		}
		each(&values)
	}
}

// tag adds a VLAN tag to the list that the value is; false when there are too many.
func (v *Value) tag(tag int64) bool {
	if v.m == 2 || tag < 0 || tag > 0xffff {
		return false
	}
	if v.kind = vlans; v.m == 0 {
		tag <<= 16
	}
	v.n |= tag
	v.m++
	return true
}

// noSYNs is a list to which again adds.
func noSYNs() Value { return Value{kind: syns, r: new(record.Record)} }

// again adds the time to a repeated SYN; false when it is none, or there are too many.
func (v *Value) again(ns int64) bool {
	o := &v.r.Open
	if int(o.NSYNsAgain) == len(o.SYNsAgain) || ns < 0 {
		return false
	}
	o.SYNsAgain[o.NSYNsAgain] = uint32(ns / 1e6)
	o.NSYNsAgain++
	return true
}

// noEpisodes is a list to which episode adds: of the originator of the value's record.
func noEpisodes() Value { return Value{kind: episodes, r: new(record.Record)} }

// episode adds a time in which an end had its window closed.
func (v *Value) episode(parts *[maxParts]Value) {
	x := &v.r.Ends[record.Orig]
	x.ZeroWindowList = append(x.ZeroWindowList, episodeOf(parts))
}
