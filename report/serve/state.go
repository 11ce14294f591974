package serve

import (
	"bytes"
	"encoding/json"
	"sync"
	"time"

	"tcpwatch/report"
	"tcpwatch/report/html"
	"tcpwatch/report/watch"
)

// state is what is shown of a View: made once, and sent to all who follow.
type state struct {
	n       int // counts them from 1; 0 for none yet
	made    time.Time
	view    *report.View
	open    []watch.Trailed // what is wrong now
	past    []watch.Trailed // and was
	title   string
	line    string // how far the run has come
	asOf    string
	pieces  []html.Piece
	changed map[string]int // by piece: the state in which it changed last
	page    []byte
	next    chan struct{} // closed when there is another

	mu   sync.Mutex
	news map[int][]byte // by the state that somebody has: what is new for him
	sums sync.Mutex     // one at a time reads the sums
}

// after is the state that follows, made of these pieces.
func (x *state) after(pieces []html.Piece) *state {
	y := &state{n: x.n + 1, made: time.Now(), pieces: pieces, changed: make(map[string]int, len(pieces)), next: make(chan struct{})}
	old := make(map[string][]byte, len(x.pieces))
	for _, p := range x.pieces {
		old[p.ID] = p.HTML
	}
	for _, p := range pieces {
		y.changed[p.ID] = y.n
		if b, ok := old[p.ID]; ok && bytes.Equal(b, p.HTML) {
			y.changed[p.ID] = x.changed[p.ID]
		}
	}
	return y
}

// event is what a page is told of a state.
type event struct {
	Title  string      `json:"title"`
	State  string      `json:"state"`
	AsOf   string      `json:"as_of"`
	Pieces [][2]string `json:"pieces"`
	Order  []string    `json:"order"`
}

// compact is an object in one line, as short as may be.
func compact(object any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(object)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// since is what is new of the state for whoever has another; 0 for none.
func (x *state) since(n int) ([]byte, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if b := x.news[n]; b != nil {
		return b, nil
	}
	e := event{Title: x.title, State: x.line, AsOf: x.asOf, Pieces: [][2]string{}, Order: []string{}}
	for _, p := range x.pieces {
		e.Order = append(e.Order, p.ID)
		if x.changed[p.ID] > n {
			e.Pieces = append(e.Pieces, [2]string{p.ID, string(p.HTML)})
		}
	}
	b, err := compact(e)
	if len(x.news) < maxClients && err == nil {
		if x.news == nil {
			x.news = make(map[int][]byte)
		}
		x.news[n] = b
	}
	return b, err
}
