package objects

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tcpwatch/internal/store"
)

// fates are what became of files.
type fates struct {
	mu  sync.Mutex
	all map[string]error
}

// begin begins a file whose fate is noted, and writes some text.
func (f *fates) begin(t *testing.T, l *Live, name string, text []byte) store.Sent {
	t.Helper()
	x, err := l.Begin(name, func(err error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.all == nil {
			f.all = map[string]error{}
		}
		f.all[name] = err
	})
	if err == nil {
		_, err = x.Write(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// Who writes live waits for no store, though it answers nothing: it says that it is full, and what it took is
// sent when the store answers again.
func TestLiveWaitsForNothing(t *testing.T) {
	f := newFake(t)
	l := NewLive(f.open(t, Options{Write: true, Memory: 2 * partBytes}, ""))
	l.pause = 10 * time.Millisecond
	var dead atomic.Bool
	dead.Store(true)
	f.refuse = func(_, _ string, w http.ResponseWriter) bool {
		if dead.Load() {
			refusal(w, http.StatusServiceUnavailable, "SlowDown")
		}
		return dead.Load()
	}
	var told fates
	began := time.Now()
	large := noise(3*partBytes + 100)
	x := told.begin(t, l, "large", large)
	y := told.begin(t, l, "small", noise(1000))
	if !l.Full() {
		t.Error("it has room")
	}
	if err := errors.Join(x.Whole(), y.Whole()); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
	dead.Store(false)
	l.Settle()
	if len(told.all) != 2 || told.all["large"] != nil || told.all["small"] != nil || l.Full() || l.waiting.Load() != 0 {
		t.Error(told.all, l.waiting.Load())
	}
	if !bytes.Equal(f.objects["large"], large) || len(f.objects["small"]) != 1000 || len(f.uploads) != 0 {
		t.Error(len(f.objects["large"]), len(f.objects["small"]), len(f.uploads))
	}
}

// What a store refuses is told, and no more of it is sent; another file has nothing to do with it.
func TestLiveRefused(t *testing.T) {
	f := newFake(t)
	l := NewLive(f.open(t, Options{Write: true, Memory: 2 * partBytes}, ""))
	f.refuse = func(what, key string, w http.ResponseWriter) bool {
		if key == "refused" && what == "PART" {
			refusal(w, http.StatusForbidden, "AccessDenied")
			return true
		}
		return false
	}
	var told fates
	x := told.begin(t, l, "refused", noise(partBytes))
	for range 200 {
		if x.Failed() {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := x.Write(noise(4 * partBytes)); err != nil || !x.Failed() || l.Full() {
		t.Error(err, x.Failed(), l.Full())
	}
	y := told.begin(t, l, "taken", noise(10))
	if err := errors.Join(x.Whole(), y.Whole()); err != nil {
		t.Error(err)
	}
	l.Settle()
	if err := told.all["refused"]; err == nil || errors.Is(err, store.ErrUnanswered) || !strings.HasPrefix(err.Error(), "access denied") || told.all["taken"] != nil {
		t.Error(told.all)
	}
	if len(f.uploads) != 0 || len(f.objects) != 1 {
		t.Error(len(f.uploads), len(f.objects))
	}
}

// At the end a store that answers nothing is given up, with what comes later; one that takes part after part,
// however slowly, is not.
func TestLiveSettles(t *testing.T) {
	for _, stands := range []bool{true, false} {
		f := newFake(t)
		l := NewLive(f.open(t, Options{Write: true}, ""))
		l.atEnd = 700 * time.Millisecond
		over := make(chan struct{})
		f.refuse = func(what, _ string, _ http.ResponseWriter) bool {
			if stands {
				<-over
			} else if what == "PART" {
				time.Sleep(300 * time.Millisecond)
			}
			return stands
		}
		var told fates
		x := told.begin(t, l, "a", noise(4*partBytes))
		gone := told.begin(t, l, "not wanted", noise(10))
		gone.Undo()
		x.Whole()
		began := time.Now()
		l.Settle()
		took := time.Since(began)
		told.begin(t, l, "b", noise(10)).Whole()
		l.Settle()
		a, b := told.all["a"], told.all["b"]
		if stands && (!errors.Is(a, store.ErrUnanswered) || !errors.Is(b, store.ErrUnanswered) || !strings.Contains(a.Error(), "does not answer") || took > 8*time.Second) {
			t.Error(a, b, took)
		}
		if !stands && (a != nil || b != nil || took < time.Second || len(f.objects) != 2) {
			t.Error(a, b, took, len(f.objects))
		}
		if len(told.all) != 2 {
			t.Error(told.all)
		}
		close(over)
	}
}
