package tracker

// An entry is what the table knows of a connection, packed or
// not: its identity, its place in the list of its class, its times. Entries
// hold no pointers and lie in chunks: a million of them cost the garbage
// collector nothing.
type entry struct {
	key          key
	older, newer uint32 // neighbours in the list of its class; 0 for none
	prev         uint32 // an older connection on the same endpoints that may still live; 0 for none
	state        uint32 // index in Tracker.states of all else; 0 while it is packed
	packed       packedRef
	size         uint16 // of that, in units of the arena
	class        class
	behind       bool   // another's prev
	kept         uint16 // conn.kept while it is packed, in units
	id           uint64
	stamp        int64 // of the last packet, on the tracker's clock
	filed        int64 // what the class's timeout counts from; no earlier than stamp
}

const entryChunk = 1024

// entries are all entries, by number; the first is never used, so that 0 is none.
type entries struct {
	chunks []*[entryChunk]entry
	free   []uint32
	next   uint32
}

func (s *entries) at(i uint32) *entry { return &s.chunks[i/entryChunk][i%entryChunk] }

// take gives an entry that nobody uses, cleared.
func (s *entries) take() uint32 {
	if n := len(s.free); n > 0 {
		i := s.free[n-1]
		s.free = s.free[:n-1]
		*s.at(i) = entry{}
		return i
	}
	if s.next%entryChunk == 0 {
		s.chunks = append(s.chunks, new([entryChunk]entry))
	}
	if s.next == 0 {
		s.next++
	}
	s.next++
	return s.next - 1
}

func (s *entries) put(i uint32) { s.free = append(s.free, i) }

// list is a list of the connections of one class, oldest first.
type list struct {
	oldest, newest uint32
	n              int
}

func (l *list) push(s *entries, i uint32) {
	x := s.at(i)
	x.older, x.newer = l.newest, 0
	if l.newest != 0 {
		s.at(l.newest).newer = i
	} else {
		l.oldest = i
	}
	l.newest = i
	l.n++
}

func (l *list) remove(s *entries, i uint32) {
	x := s.at(i)
	if x.older != 0 {
		s.at(x.older).newer = x.newer
	} else {
		l.oldest = x.newer
	}
	if x.newer != 0 {
		s.at(x.newer).older = x.older
	} else {
		l.newest = x.older
	}
	x.older, x.newer = 0, 0
	l.n--
}
