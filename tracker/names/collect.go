package names

import (
	"tcpwatch/tracker/record"
)

const (
	// window is how many bytes of a direction are looked at. A ClientHello
	// with a post-quantum key share takes some 1,800.
	window = 4096
	// patience is how far a direction may run on while its first bytes are
	// missing, before they are given up.
	patience = 1 << 18
)

// entry is what is known of one connection.
type entry struct {
	names    record.NamesRecord
	sides    [2]side
	digests  digests
	shard    uint8
	upgrades bool // what was recognised may go on as TLS or carry another protocol
	greeted  bool // a "220" greeting that does not say whose
}

// side is one direction.
type side struct {
	state sideState
	seen  bool  // it sent payload
	base  int64 // offset at which the message that is looked at begins
	held  *buffer
}

type sideState uint8

const (
	collecting sideState = iota // the bytes from base on
	seeking                     // a segment that begins a message that cannot be mistaken
	done
)

// decided reports whether no further byte can tell anything.
func (e *entry) decided() bool {
	return e.sides[record.Orig].state == done && e.sides[record.Resp].state == done
}

// named sets the protocol: the outermost when there are several.
func (e *entry) named(proto string) {
	if e.names.Proto == "" {
		e.names.Proto = proto
	}
}

// whole sets the protocol of a connection of which no more is to be known.
func (e *entry) whole(proto string) verdict {
	e.named(proto)
	e.sides[record.Orig].state, e.sides[record.Resp].state = done, done
	return yes
}

// take takes new payload of an end; off is its place in the stream. cut says
// that the snaplen cut its end off.
func (o *Observer) take(e *entry, end record.End, off int64, b []byte, cut bool) {
	s := &e.sides[end]
	s.seen = true
	if s.held != nil && off == s.base+int64(len(s.held.prefix())) && begins(b) {
		// What was waited for is none: a probe's byte before the first request, or the answer of a proxy.
		o.release(e, s)
		s.base = off
	}
	if s.state == seeking {
		if off >= window {
			s.state = done
			return
		}
		if !begins(b) {
			return
		}
		s.state, s.base = collecting, off
	}
	if s.state == done {
		return
	}
	at := off - s.base
	if at < 0 {
		if at += int64(len(b)); at <= 0 {
			return
		}
		b, at = b[int64(len(b))-at:], 0
	}
	if at >= patience {
		o.read(e, end, s.held.prefix(), true)
		return
	}
	if at >= window {
		return
	}
	b = b[:min(len(b), window-int(at))]
	full := cut || int(at)+len(b) == window
	if s.held == nil && at == 0 {
		if o.read(e, end, b, full) == more {
			o.hold(e, end, 0, b, cut)
		}
		return
	}
	o.hold(e, end, int(at), b, cut)
	if p := s.held.prefix(); at <= int64(len(p)) && s.state == collecting {
		o.read(e, end, p, len(p) == window || s.held.cutAt(len(p)))
	}
}

// hold keeps a copy of bytes that do not decide yet. Where there is no buffer
// left the direction is read as far as it goes.
func (o *Observer) hold(e *entry, end record.End, at int, b []byte, cut bool) {
	s := &e.sides[end]
	if s.held == nil {
		if o.counts[e.shard].waiting >= o.opt.Waiting {
			if at > 0 {
				b = nil
			}
			o.read(e, end, b, true)
			return
		}
		o.counts[e.shard].waiting++
		if n := len(o.spare); n > 0 {
			s.held, o.spare = o.spare[n-1], o.spare[:n-1]
		} else {
			s.held = new(buffer)
		}
		s.held.reset()
	}
	s.held.add(at, b, cut)
}

// release gives a side's buffer back.
func (o *Observer) release(e *entry, s *side) {
	if s.held != nil {
		o.counts[e.shard].waiting--
		if len(o.spare) < maxSpare {
			o.spare = append(o.spare, s.held)
		}
		s.held = nil
	}
}

// conclude reads what was waiting for more: the connection is over.
func (o *Observer) conclude(e *entry) {
	for end := range e.sides {
		if s := &e.sides[end]; s.state == collecting && s.held != nil {
			o.read(e, record.End(end), s.held.prefix(), true)
		}
	}
}

// read looks at a direction from its base on. final says that no more bytes
// will come. The verdict more is only given when it is not final.
func (o *Observer) read(e *entry, end record.End, b []byte, final bool) verdict {
	v := o.recognise(e, end, b, final)
	if v == more {
		return more
	}
	s := &e.sides[end]
	o.release(e, s)
	if s.state != done {
		s.state = done
		if v == no || e.upgrades {
			s.state = seeking
		}
	}
	return v
}
