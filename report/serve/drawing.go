package serve

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"tcpwatch/report"
	"tcpwatch/report/html"
	"tcpwatch/report/ladder"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

const (
	followFor  = time.Minute      // after somebody asked for a connection its packets are drawn
	drawWithin = 20 * time.Second // that reading the input again may take
)

// drawing is the connection that is drawn of packets as they come: one at a time.
type drawing struct {
	mu    sync.Mutex
	id    uint64
	until time.Time
	conn  *html.Connection
	again sync.Mutex // one reads the input again at a time
}

// follow begins to follow a connection, in place of another, or goes on.
func (d *drawing) follow(id uint64, o *report.TableOptions) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.id != id {
		d.id, d.conn = id, html.NewConnection(id, o.Clock)
	}
	d.until = time.Now().Add(followFor)
}

// followed is the connection that is followed; 0 for none.
func (d *drawing) followed(now time.Time) uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.After(d.until) {
		d.id, d.conn = 0, nil
	}
	return d.id
}

// see takes the record that a View has of it.
func (d *drawing) see(v *report.View) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn != nil && v.Followed != nil {
		d.conn.Conn(v.Followed)
	}
}

// Step takes a packet of it; see record.Output.
func (s *Server) Step(x *record.Step) error {
	d := &s.drawing
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn == nil {
		return nil
	}
	return d.conn.Step(x)
}

// errNone is that there is no connection of a number.
func errNone(id uint64) error {
	return missing{fmt.Errorf("there is no connection %d, or it ended so long ago that it is not kept", id)}
}

// drawn is a connection as somebody asked for it.
type drawn struct {
	record *record.Record
	figure *ladder.Figure // nil without a packet
	conn   *html.Connection
	whole  bool // drawn from its first packet on
}

// draw has a connection drawn: all of it where the input can be read again, else what comes from
// now on. What is handed to use is good until that returns.
func (s *Server) draw(ctx context.Context, id uint64, use func(*drawn) error) error {
	if s.o.Draw != nil {
		return s.drawAgain(ctx, id, use)
	}
	l, err := s.connections(ctx, 1, "id", fmt.Sprintf("id == %d", id))
	if err != nil {
		return err
	}
	if len(l.rows) == 0 {
		return errNone(id)
	}
	d := &s.drawing
	d.follow(id, &s.o.Tables)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.id != id {
		return errBusy
	}
	return use(&drawn{record: &l.rows[0], figure: d.conn.Figure(), conn: d.conn})
}

// drawAgain reads the input again.
func (s *Server) drawAgain(ctx context.Context, id uint64, use func(*drawn) error) error {
	ctx, cancel := context.WithTimeout(ctx, drawWithin)
	defer cancel()
	for !s.drawing.again.TryLock() {
		select {
		case <-ctx.Done():
			return errBusy
		case <-s.over:
			return errOver
		case <-time.After(20 * time.Millisecond):
		}
	}
	defer s.drawing.again.Unlock()
	go func() {
		select {
		case <-s.over:
			cancel()
		case <-ctx.Done():
		}
	}()
	x := html.NewConnection(id, s.o.Tables.Clock)
	if err := s.o.Draw(ctx, x); err != nil && !x.Over() {
		if ctx.Err() != nil {
			return errors.New("reading the input again takes too long: tcpwatch --why draws it")
		}
		return err
	}
	f := x.Figure()
	if f == nil {
		return errNone(id)
	}
	if v := s.current().view; v != nil {
		x.Cite(v.Findings)
	}
	return use(&drawn{record: f.Record, figure: x.Figure(), conn: x, whole: true})
}

// idOf is the connection that a path names.
func idOf(r *http.Request) (uint64, error) {
	id, err := strconv.ParseUint(r.PathValue("id"), 10, 64)
	if err != nil || id == 0 {
		return 0, wrong{fmt.Errorf("%q is no number of a connection", r.PathValue("id"))}
	}
	return id, nil
}

// rung is a row of a ladder as the API has it.
type rung struct {
	Packet uint64     `json:"packet,omitempty"`
	Time   string     `json:"time_s,omitempty"`
	States *[2]string `json:"states,omitempty"`
	From   string     `json:"from,omitempty"`
	Label  string     `json:"label,omitempty"`
	Beside string     `json:"beside,omitempty"`
	Words  []string   `json:"words,omitempty"`
	Gap    string     `json:"gap,omitempty"`
}

// rungsOf are those of a figure.
func rungsOf(f *ladder.Figure) []rung {
	all := []rung{}
	if f == nil {
		return all
	}
	for i := range f.Rows {
		r := &f.Rows[i]
		x := rung{Packet: r.Packet, Time: r.Time, Label: r.Label, Beside: r.Beside, Words: r.Words, Gap: r.Gap}
		if r.Gap == "" {
			x.States = &r.States
		}
		if r.Arrow {
			x.From = r.From.String()
		}
		all = append(all, x)
	}
	return all
}

// connection answers with one connection and its ladder.
func (s *Server) connection(r *http.Request) (answer any, err error) {
	id, err := idOf(r)
	if err != nil {
		return nil, err
	}
	err = s.draw(r.Context(), id, func(x *drawn) error {
		type steps struct {
			Whole bool   `json:"whole"` // from the first packet on; else what came after somebody asked
			Rows  []rung `json:"rows"`
		}
		answer = struct {
			Connection any   `json:"connection"`
			Ladder     steps `json:"ladder"`
		}{recordJSON(s.lines(), x.record), steps{x.whole, rungsOf(x.figure)}}
		return nil
	})
	return answer, err
}

// connectionPage is the page of a connection.
func (s *Server) connectionPage(w http.ResponseWriter, r *http.Request) {
	s.noteLook()
	var page []byte
	id, err := idOf(r)
	if err == nil {
		err = s.draw(r.Context(), id, func(x *drawn) (err error) {
			title := sentence.ID(id) + " " + x.record.Orig.String() + sentence.Arrow + x.record.Resp.String()
			note := ""
			if !x.whole {
				note = "Packets that come after somebody asked for this connection are drawn: reload to see them."
			}
			page, err = s.live.Connection(x.conn, x.record, title, note)
			return err
		})
	}
	if err != nil {
		s.refuseFor(w, r, err)
		return
	}
	s.writePage(w, page)
}

// writePage writes a page of report/html.
func (s *Server) writePage(w http.ResponseWriter, b []byte) {
	w.Header().Set("Content-Security-Policy", html.LivePolicy())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(b)
}
