package table

// Entry is what the table knows of a connection, packed or
// not: its identity, its place in the list of its class, its times. Entries
// hold no pointers and lie in chunks: a million of them cost the garbage
// collector nothing.
type Entry struct {
	Key          Key
	older, Newer uint32 // neighbours in the list of its class; 0 for none
	Prev         uint32 // an older connection on the same endpoints that may still live; 0 for none
	State        uint32 // where the tracker holds all else; 0 while it is packed
	Packed       Ref
	Size         uint16 // of that, in units of the arena
	Class        Class
	Behind       bool   // another's Prev
	Kept         uint16 // memory beside that while it is packed, in units of 16 bytes
	Looked       uint16 // the walk in which it was handed out last; see tracker.Tracker.Look
	ID           uint64
	Stamp        int64 // of the last packet, on the tracker's clock
	Filed        int64 // what the class's timeout counts from; no earlier than Stamp
}

const slabChunk = 1024

// Entries are all entries, by number.
type Entries = Slab[Entry]

// Slab is values of one kind, by number; the first is never used, so that 0 is none.
type Slab[T any] struct {
	chunks []*[slabChunk]T
	free   []uint32
	Next   uint32 // the number of the next one that was never used
}

// At is the value of a number.
func (s *Slab[T]) At(i uint32) *T { return &s.chunks[i/slabChunk][i%slabChunk] }

// Take gives one that nobody uses, cleared.
func (s *Slab[T]) Take() uint32 {
	if n := len(s.free); n > 0 {
		i := s.free[n-1]
		s.free = s.free[:n-1]
		var empty T
		*s.At(i) = empty
		return i
	}
	if s.Next%slabChunk == 0 {
		s.chunks = append(s.chunks, new([slabChunk]T))
	}
	if s.Next == 0 {
		s.Next++
	}
	s.Next++
	return s.Next - 1
}

// Put takes one back: nobody uses it any more.
func (s *Slab[T]) Put(i uint32) { s.free = append(s.free, i) }

// List is a list of the connections of one class, oldest first.
type List struct {
	Oldest, newest uint32 // 0 for none
	N              int    // entries in it
}

// Push puts an entry at the end of the list.
func (l *List) Push(s *Entries, i uint32) {
	x := s.At(i)
	x.older, x.Newer = l.newest, 0
	if l.newest != 0 {
		s.At(l.newest).Newer = i
	} else {
		l.Oldest = i
	}
	l.newest = i
	l.N++
}

// Remove takes an entry out of the list.
func (l *List) Remove(s *Entries, i uint32) {
	x := s.At(i)
	if x.older != 0 {
		s.At(x.older).Newer = x.Newer
	} else {
		l.Oldest = x.Newer
	}
	if x.Newer != 0 {
		s.At(x.Newer).older = x.older
	} else {
		l.newest = x.older
	}
	x.older, x.Newer = 0, 0
	l.N--
}
