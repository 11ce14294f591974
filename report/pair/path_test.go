package pair

import (
	"testing"

	"tcpwatch/capture"
)

// However many listeners there are, no more paths are kept: the rest is one.
func TestPathsAreBounded(t *testing.T) {
	x := &comparison{paths: map[[2]capture.Endpoint]*Path{}}
	key := func(i int) (k [2]capture.Endpoint) {
		k[0].Port, k[1].Port = uint16(i)+1, uint16(i>>16)+1
		return k
	}
	for i := range maxPaths + 10 {
		p := x.path(key(i))
		if p.Conns++; p.Others != (i >= maxPaths) {
			t.Fatalf("%d: others %v", i, p.Others)
		}
	}
	if p := x.path(key(0)); len(x.paths) != maxPaths+1 || p.Others || p.Conns != 1 {
		t.Errorf("%d paths, the first of %d connections", len(x.paths), p.Conns)
	}
	if p := x.path(key(maxPaths + 20)); p.Conns != 10 || p.Name(" -> ") != "others" {
		t.Errorf("%d others, called %s", p.Conns, p.Name(" -> "))
	}
}
