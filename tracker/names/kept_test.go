package names

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// What is said to be kept of a connection is about what is kept.
func TestKept(t *testing.T) {
	long := strings.Repeat("a-rather-long-name.", 12)
	for _, tt := range []struct {
		name    string
		payload func(i int) string
		digests bool
	}{
		{"a long host", func(i int) string { return fmt.Sprintf("GET / HTTP/1.1\r\nHost: %s%d.example\r\n\r\n", long, i) }, false},
		{"a long host, and digests", func(i int) string { return fmt.Sprintf("GET / HTTP/1.1\r\nHost: %s%d.example\r\n\r\n", long, i) }, true},
		{"a request that does not end", func(i int) string { return fmt.Sprintf("GET / HTTP/1.1\r\nX: %s%d", long, i) }, false},
		{"nothing known", func(i int) string { return fmt.Sprintf("\x00\x01\x02\x03%d", i) }, false},
		{"nothing known but digests", func(i int) string { return fmt.Sprintf("\x00\x01\x02\x03%d", i) }, true},
	} {
		o := New(Options{Undecided: 1 << 20, Waiting: 1 << 20, Digests: tt.digests})
		const few, many = 200, 1200
		marks, kept := make([]uint32, many), make([]uint32, many)
		begin := func(from, to int) (inHeap, said int64) {
			for i := from; i < to; i++ {
				b := []byte(tt.payload(i))
				o.Observe(&record.Placement{Conn: uint64(i), New: true, Mark: &marks[i], Kept: &kept[i]}, b, uint32(len(b)))
				answer := []byte("HTTP/1.1 200 OK\r\n\r\n")
				o.Observe(&record.Placement{Conn: uint64(i), New: true, From: record.Resp, Mark: &marks[i], Kept: &kept[i]}, answer, uint32(len(answer)))
			}
			for _, n := range kept {
				said += int64(n)
			}
			return heap(), said
		}
		before, saidBefore := begin(0, few)
		after, said := begin(few, many)
		each, own := (after-before)/(many-few), (said-saidBefore)/(many-few)
		t.Logf("%s: %d bytes a connection, %d said", tt.name, each, own)
		if own < each*4/5 || own > each*3/2 {
			t.Errorf("%s: %d bytes a connection, %d said", tt.name, each, own)
		}
		for i := range marks {
			r := record.Record{ID: uint64(i), Mark: marks[i]}
			o.Finish(&r)
			o.Forget(&r)
		}
		// What is left is what is kept for reuse.
		if left := heap() - before; left > maxSpare*5000+maxUnused*600+200*few {
			t.Errorf("%s: %d bytes are left", tt.name, left)
		}
		runtime.KeepAlive(o)
	}
}
