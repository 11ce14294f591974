package pair

import "tcpwatch/capture"

// Path is what passed between the places to one listener.
type Path struct {
	A, B   capture.Endpoint // the listener, as each place sees it; none of Others
	Others bool             // all that are more than maxPaths, by their first connections
	Conns  uint64
	Flows  [NDirections]Flow
}

// maxPaths is how many paths are told apart: about 2 kB each.
const maxPaths = 16384

// Name is what the path is called between two words.
func (p *Path) Name(between string) string {
	if p.Others {
		return "others"
	}
	return p.A.String() + between + p.B.String()
}

// path is that between two listeners.
func (x *comparison) path(key [2]capture.Endpoint) *Path {
	path := x.paths[key]
	if path == nil && len(x.paths) >= maxPaths {
		if key = ([2]capture.Endpoint{}); x.paths[key] == nil {
			x.paths[key] = &Path{Others: true}
		}
		return x.paths[key]
	}
	if path == nil {
		path = &Path{A: key[0], B: key[1]}
		x.paths[key] = path
	}
	return path
}
