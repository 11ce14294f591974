package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// routes are all there is to ask for.
func (s *Server) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("/{$}", s.page)
	m.HandleFunc("/events", s.follow)
	m.HandleFunc("/connection/{id}", s.connectionPage)
	m.HandleFunc("/api/v1/openapi.json", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, s.openAPI) })
	for path, answer := range map[string]func(r *http.Request) (any, error){
		"/api/v1/headline":         s.headline,
		"/api/v1/findings":         s.findings,
		"/api/v1/servers":          s.listeners,
		"/api/v1/connections":      s.connectionList,
		"/api/v1/connections/{id}": s.connection,
	} {
		m.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			s.noteLook()
			x, err := answer(r)
			if err != nil {
				s.refuseFor(w, r, err)
				return
			}
			b, err := compact(x)
			if err != nil {
				s.refuseFor(w, r, err)
				return
			}
			writeJSON(w, append(b, '\n'))
		})
	}
	m.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, r, http.StatusNotFound, "there is nothing of that name: / is the page, /api/v1/openapi.json tells of the API")
	})
	return m
}

func writeJSON(w http.ResponseWriter, b []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Write(b)
}

// wrong is an error of who asks; missing that there is no such thing.
type (
	wrong   struct{ error }
	missing struct{ error }
)

// refuseFor refuses a request because of an error.
func (s *Server) refuseFor(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusServiceUnavailable
	var bad wrong
	var none missing
	switch {
	case r.Context().Err() != nil:
		return // who asked is gone
	case errors.As(err, &bad):
		status = http.StatusBadRequest
	case errors.As(err, &none):
		status = http.StatusNotFound
	default:
		w.Header().Set("Retry-After", "1")
	}
	refuse(w, r, status, err.Error())
}

// asOf is what each answer begins with.
type asOf struct {
	At      *string `json:"at,omitempty"` // packet time; absent while none is known
	Live    bool    `json:"live"`
	Ended   bool    `json:"ended"`   // all is read
	Partial bool    `json:"partial"` // some connections were not looked at yet
}

func (s *Server) asOf(v *report.View) asOf {
	x := asOf{Live: s.o.Live, Ended: v.Ended, Partial: v.Partial}
	if t := timeOf(v); t != 0 {
		x.At = new(string(schema.AppendTime(nil, t)))
	}
	return x
}

// fresh is the newest state; one is waited for when the newest is old or none.
func (s *Server) fresh(r *http.Request) (*state, error) {
	s.noteLook()
	late := time.NewTimer(freshWithin)
	defer late.Stop()
	for {
		s.mu.Lock()
		x := s.state
		s.mu.Unlock()
		if x.view != nil && (x.view.Ended && !x.view.Partial || time.Since(x.made) < 2*s.refresh) {
			return x, nil
		}
		select {
		case <-x.next:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		case <-s.done:
			return s.current(), nil
		case <-late.C:
			if x.view == nil {
				return x, errors.New("nothing was looked at yet: ask again in a second")
			}
			return x, nil
		}
	}
}

// page answers with the page of the newest state; without any it fills itself.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	x, _ := s.fresh(r) // what is not there yet, the page asks for
	if r.Context().Err() != nil {
		return
	}
	b := x.page
	if b == nil {
		var err error
		if b, err = s.live.Page(nil); err != nil {
			refuse(w, r, http.StatusInternalServerError, err.Error())
			return
		}
	}
	s.writePage(w, b)
}

// headline answers with what is known of the run as a whole.
func (s *Server) headline(r *http.Request) (any, error) {
	x, err := s.fresh(r)
	if err != nil {
		return nil, err
	}
	v := x.view
	x.sums.Lock()
	defer x.sums.Unlock()
	stats, err := report.StatsJSON(v.Headline, v.All)
	k := &v.Headline.Tracker
	return struct {
		asOf
		Input    string          `json:"input"`
		Open     int             `json:"open"`
		TimeWait int             `json:"time_wait"`
		Opened   uint64          `json:"opened"`
		Failed   uint64          `json:"failed"`
		Closed   uint64          `json:"closed"`
		Reset    uint64          `json:"reset"`
		Stats    json.RawMessage `json:"stats"`
	}{s.asOf(v), say.Escape(s.o.Input), k.Open - k.TimeWait - k.Over, k.TimeWait, v.Totals.Opened, v.Totals.Failed, v.Totals.Closed, v.Totals.Reset, stats}, err
}

// findings answers with what is wrong now and was, or with what there is of the whole run.
func (s *Server) findings(r *http.Request) (any, error) {
	when := r.URL.Query().Get("of")
	if when != "" && when != "now" && when != "run" {
		return nil, wrong{fmt.Errorf("of=%s: now or run", when)}
	}
	x, err := s.fresh(r)
	if err != nil {
		return nil, err
	}
	v := x.view
	all := []json.RawMessage{}
	add := func(b []byte, err2 error) { all, err = append(all, b), errors.Join(err, err2) }
	if when == "run" {
		x.sums.Lock()
		defer x.sums.Unlock()
		found := v.All.Findings(v.Headline)
		for i := range found {
			add(report.StandingJSON(&found[i], "open", timeOf(v), 0))
		}
	} else {
		for i := range x.open {
			add(report.StandingJSON(&x.open[i].Finding, "open", timeOf(v), 0))
		}
		for i := range x.past {
			add(report.StandingJSON(&x.past[i].Finding, "resolved", timeOf(v), x.past[i].Missed))
		}
	}
	return struct {
		asOf
		Findings []json.RawMessage `json:"findings"`
	}{s.asOf(v), all}, err
}

// limitOf is how many of something are asked for.
func limitOf(r *http.Request, usual, most int) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, wrong{fmt.Errorf("limit=%s: from 1 to %d", text, most)}
	}
	return n, nil
}

// listener is a server as the API has it.
type listener struct {
	Server  string   `json:"server"`
	Opened  uint64   `json:"opened"`
	Failed  uint64   `json:"failed"`
	Opening uint64   `json:"opening"`
	Waiting uint64   `json:"waiting"`
	Again   uint64   `json:"syns_again"`
	Resets  uint64   `json:"resets"`
	AtLeast bool     `json:"at_least,omitempty"`
	Felt    *float64 `json:"felt_p99_s,omitempty"`
	Why     string   `json:"why,omitempty"`
}

// listeners answers with the servers, those at which opening goes worst first.
func (s *Server) listeners(r *http.Request) (any, error) {
	limit, err := limitOf(r, 100, mostRows)
	if err != nil {
		return nil, err
	}
	x, err := s.fresh(r)
	if err != nil {
		return nil, err
	}
	x.sums.Lock()
	defer x.sums.Unlock()
	all, of := x.view.All.WorstListeners(limit)
	list := []listener{}
	for i := range all {
		l := &all[i]
		y := listener{Server: l.Endpoint.String(), Opened: l.Done, Failed: l.Failed, Opening: l.Opening, Waiting: l.Waiting, Again: l.Again, Resets: l.Resets, Why: l.Why, AtLeast: l.AtLeast}
		if l.Felt > 0 {
			y.Felt = new(float64(l.Felt) / 1e9)
		}
		list = append(list, y)
	}
	return struct {
		asOf
		Of        uint64     `json:"of"`
		Listeners []listener `json:"servers"`
	}{s.asOf(x.view), of, list}, nil
}

// connectionList answers with the connections that are asked for.
func (s *Server) connectionList(r *http.Request) (any, error) {
	q := r.URL.Query()
	limit, err := limitOf(r, 100, mostRows)
	if err != nil {
		return nil, err
	}
	if err := checkSort(q.Get("sort")); err != nil {
		return nil, wrong{fmt.Errorf("sort: %w", err)}
	}
	l, err := s.connections(r.Context(), limit, q.Get("sort"), q.Get("where"))
	if err != nil {
		return nil, err
	}
	rows := []json.RawMessage{}
	j := s.lines()
	for i := range l.rows {
		rows = append(rows, recordJSON(j, &l.rows[i]))
	}
	return struct {
		asOf
		Matching  uint64            `json:"matching"`
		Forgotten uint64            `json:"forgotten"`
		Conns     []json.RawMessage `json:"connections"`
	}{s.asOf(l.view), l.matching, l.over - l.kept, rows}, nil
}

// lines makes objects of records, as JSON Lines have them.
func (s *Server) lines() *schema.JSON {
	o := s.o.Tables.Records
	o.Transitions = false
	return schema.NewJSON(o)
}

func recordJSON(j *schema.JSON, r *record.Record) json.RawMessage {
	return bytes.TrimSuffix(j.AppendConn(nil, r), []byte("\n"))
}
