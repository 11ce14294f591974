package serve

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// heartbeat is after how long without news a line is sent that means nothing: who is gone is
// found out so.
const heartbeat = 15 * time.Second

// follow sends a page what is new, by server-sent events (HTML Living Standard 9.2). Whoever
// takes longer for a state than the next one takes to come gets the newest then.
func (s *Server) follow(w http.ResponseWriter, r *http.Request) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		w.Header().Set("Retry-After", "10")
		refuse(w, r, http.StatusServiceUnavailable, fmt.Sprintf("%d pages follow already: close one", maxClients))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	control := http.NewResponseController(w)
	control.SetReadDeadline(time.Time{}) // nothing more is to come
	send := func(format string, a ...any) bool {
		control.SetWriteDeadline(time.Now().Add(writeWithin))
		_, err := fmt.Fprintf(w, format, a...)
		return err == nil && control.Flush() == nil
	}
	if r.Method == http.MethodHead || !send("retry: 2000\n\n") {
		return
	}
	has := s.numberOf(r.Header.Get("Last-Event-ID"))
	for {
		x := s.current()
		if x.n != has {
			news, err := x.since(has)
			if err != nil || !send("id: %s-%d\nevent: view\ndata: %s\n\n", s.epoch, x.n, news) {
				return
			}
			has = x.n
		}
		select {
		case <-x.next:
		case <-time.After(heartbeat):
			if !send(": \n\n") {
				return
			}
		case <-r.Context().Done():
			return
		case <-s.done:
			if x = s.current(); x.n != has {
				continue
			}
			send("event: end\ndata: \n\n")
			return
		}
	}
}

// numberOf is the state that an event told of, 0 for none of this server.
func (s *Server) numberOf(id string) int {
	number, ok := strings.CutPrefix(id, s.epoch+"-")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 0 || n > s.current().n {
		return 0
	}
	return n
}

// current is the newest state.
func (s *Server) current() *state {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// noteLook notes that somebody looks on.
func (s *Server) noteLook() {
	s.mu.Lock()
	s.looked = time.Now()
	s.mu.Unlock()
}
