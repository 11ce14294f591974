package pair

import "io"

// paged reads a file by pages that it keeps: what is read next mostly lies beside what was read last.
type paged struct {
	File
	pages [pages]page
}

// Sizes of a paged file.
const (
	pages    = 16
	pageSize = 8 << 10
)

// page is a part of a file.
type page struct {
	at   int64 // of its first byte, plus 1; 0 for none
	n    int
	data []byte
}

// ReadAt is io.ReaderAt.
func (f *paged) ReadAt(b []byte, at int64) (n int, err error) {
	if len(b) > pageSize*pages/2 {
		return f.File.ReadAt(b, at)
	}
	for n < len(b) {
		from := (at + int64(n)) / pageSize * pageSize
		p := &f.pages[from/pageSize%pages]
		skip := int(at + int64(n) - from)
		if want := min(skip+len(b)-n, pageSize); p.at != from+1 || p.n < want { // the file may have grown
			if p.data == nil {
				p.data = make([]byte, pageSize)
			}
			p.at = from + 1
			if p.n, err = f.File.ReadAt(p.data, from); err != nil && err != io.EOF {
				p.at = 0
				return n, err
			}
		}
		if skip >= p.n {
			return n, io.EOF
		}
		n += copy(b[n:], p.data[skip:p.n])
	}
	return n, nil
}
