package serve

import (
	"context"
	"errors"
	"time"

	"tcpwatch/report"
)

const (
	// askEvery is the least time between two Views for questions: so often at most the
	// connections are gone through for them.
	askEvery   = 100 * time.Millisecond
	maxWaiting = 16 // questions that wait
	askWithin  = 10 * time.Second
)

// errBusy and errNoAnswer are why a question has no answer.
var (
	errBusy     = errors.New("too many questions at once: ask again in a second")
	errNoAnswer = errors.New("no answer within 10 s: ask again, or for less")
	errOver     = errors.New("tcpwatch is ending")
)

// question is what is to be seen for a request, and for all that ask the same meanwhile.
type question struct {
	key    string
	wants  report.Wanted
	answer *report.View
	done   chan struct{}
}

// asking has questions answered one after another, in turn with the page.
type asking struct {
	current *question // a View for it is under way
	waiting []*question
	last    time.Time // when one was answered
	served  bool      // the page's turn comes before another's
}

// of is the question of a key, which waits when nobody asked it yet; nil when too many wait.
func (a *asking) of(key string, wants report.Wanted) *question {
	if a.current != nil && a.current.key == key {
		return a.current
	}
	for _, q := range a.waiting {
		if q.key == key {
			return q
		}
	}
	if len(a.waiting) >= maxWaiting {
		return nil
	}
	q := &question{key: key, wants: wants, done: make(chan struct{})}
	a.waiting = append(a.waiting, q)
	return q
}

// wanted is what the question whose turn it is wants to see, if there is one; pageWaits tells that
// the page does.
func (a *asking) wanted(now time.Time, pageWaits bool) (w report.Wanted, ok bool) {
	if a.current == nil && len(a.waiting) > 0 && !(a.served && pageWaits) && now.Sub(a.last) >= askEvery {
		a.current, a.waiting = a.waiting[0], a.waiting[1:]
	}
	if a.current == nil {
		return w, false
	}
	w = a.current.wants
	w.Due = true
	return w, true
}

// take takes a View, and reports whether it was for a question only.
func (a *asking) take(v *report.View, now time.Time) bool {
	q := a.current
	if q == nil || v.Wanted.Rows != q.wants.Rows || v.Wanted.Sort != q.wants.Sort || v.Wanted.Where != q.wants.Where {
		a.served = a.served && v.Partial
		return false
	}
	if v.Partial {
		return true
	}
	q.answer = v
	close(q.done)
	a.current, a.last, a.served = nil, now, true
	return true
}

// askFor has a View made that somebody wants, and waits for it.
func (s *Server) askFor(ctx context.Context, key string, wants report.Wanted) (*report.View, error) {
	s.mu.Lock()
	q := s.ask.of(key, wants)
	s.mu.Unlock()
	if q == nil {
		return nil, errBusy
	}
	late := time.NewTimer(askWithin)
	defer late.Stop()
	select {
	case <-q.done:
		return q.answer, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.over:
		return nil, errOver
	case <-late.C:
		return nil, errNoAnswer
	}
}
