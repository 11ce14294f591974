package capture

import "io"

const (
	fewFiles   = 8         // files that may have large blocks each
	smallBlock = 128 << 10 // bytes of a read when there are more
)

// Merge makes one stream of several files, in time order: the earliest of the
// files' next packets comes first, of equal ones that of the file given first.
// Packets of one file are never reordered, even when its clock went back.
// Packet.Number counts on over all files, Packet.File is the index in files,
// FileNumber the position in that file. Damage in one file is passed on, and
// the others go on.
//
// Each file has a buffer from its first packet to its last only, so a rotated set
// of hundreds takes the memory of those that overlap. Close closes all.
func Merge(files []*File) Source {
	if len(files) == 1 {
		return files[0]
	}
	m := &merged{files: files}
	for i, f := range files {
		if len(files) > fewFiles {
			f.block, f.in.limit = min(f.block, smallBlock), smallBlock
		}
		h := &head{file: f, index: i, time: minTime}
		if f.firstKnown {
			h.time = f.first
		}
		m.heap = append(m.heap, h)
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.sink(i)
	}
	return m
}

const minTime = -1 << 63

// merged is a heap of files. Only the top's packet is ever looked at, and a
// file is asked for a packet only when it is at the top.
type merged struct {
	files  []*File
	heap   []*head
	number uint64
}

// head is a file and its next packet.
type head struct {
	file  *File
	index int
	time  int64 // of the next packet, or no later than that when it is not loaded
	// loaded packets wait for their turn; the one delivered last is not, so
	// that its bytes stay until the next call.
	loaded bool
	packet Packet
}

func (a *head) before(b *head) bool {
	return a.time < b.time || a.time == b.time && a.index < b.index
}

func (m *merged) Next(p *Packet) error {
	for len(m.heap) > 0 {
		h := m.heap[0]
		if h.loaded {
			h.loaded = false
			m.number++
			*p = h.packet
			p.Number, p.File = m.number, h.index
			return nil
		}
		switch err := h.file.Next(&h.packet); err {
		case nil:
			h.loaded, h.time = true, h.packet.Time
		case io.EOF:
			last := len(m.heap) - 1
			m.heap[0], m.heap = m.heap[last], m.heap[:last]
		default:
			return err
		}
		m.sink(0)
	}
	return io.EOF
}

// sink restores the heap's order below i.
func (m *merged) sink(i int) {
	for {
		first := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(m.heap); c++ {
			if m.heap[c].before(m.heap[first]) {
				first = c
			}
		}
		if first == i {
			return
		}
		m.heap[i], m.heap[first] = m.heap[first], m.heap[i]
		i = first
	}
}

func (m *merged) Close() error {
	for _, f := range m.files {
		f.Close()
	}
	m.heap = nil
	return nil
}
