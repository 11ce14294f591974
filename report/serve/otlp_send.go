package serve

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Limits of what is sent.
const (
	batchBytes  = 1 << 20          // of a request, before it is compressed
	queueBytes  = 16 << 20         // of each kind, unless memory is limited
	batchEvery  = time.Second      // requests that are not full wait so long for more
	sendWithin  = 10 * time.Second // for a request to be answered
	firstPause  = time.Second      // before it is sent again; then twice as long each time
	longestWait = 30 * time.Second
	giveUpAfter = 5 * time.Minute // a batch is left out then
	// At the end, for each request and for all.
	lastRequest = 5 * time.Second
	lastOfAll   = 30 * time.Second
	answerBytes = 64 << 10 // of an answer that are read
)

// sending sends the lines of one kind to a receiver, by a goroutine of its own: whoever puts them in
// waits for nothing of it.
type sending struct {
	name          string // "logs", "traces" or "metrics"
	url           string
	before, after string
	headers       http.Header
	client        *http.Client
	*queue
	over    chan struct{} // nothing more comes: what waits is sent, then done is closed
	done    chan struct{}
	hurry   context.Context // ends when the time for that is over
	pause   time.Duration   // firstPause
	sent    atomic.Uint64
	refused atomic.Uint64 // by the receiver
	unheard atomic.Uint64 // that it did not answer
	trouble atomic.Pointer[string]
	moved   atomic.Int64 // when it took something last, ns of the clock
}

// send sends what waits, until nothing more comes.
func (s *sending) send() {
	defer close(s.done)
	heard := true
	for !s.ending() {
		select {
		case <-s.wake:
		case <-s.over:
		}
		n, _ := s.waiting()
		if n < batchBytes {
			select {
			case <-time.After(batchEvery):
			case <-s.over:
			}
		}
		for ; n > 0 && !s.ending(); n, _ = s.waiting() {
			heard = s.batch(s.take(batchBytes))
			if n < 2*batchBytes {
				signal(s.wake) // what came meanwhile waits for more
				break
			}
		}
	}
	for n, _ := s.waiting(); n > 0 && heard; n, _ = s.waiting() {
		heard = s.batch(s.take(batchBytes))
	}
	s.unheard.Add(s.count(s.take(s.most)))
}

// ending reports whether nothing more comes.
func (s *sending) ending() bool {
	select {
	case <-s.over:
		return true
	default:
		return false
	}
}

// batch sends some lines, again and again while the receiver asks for that or does not answer; false
// when it never did.
func (s *sending) batch(lines []byte) bool {
	n := s.count(lines)
	body := s.bodyOf(lines)
	began, pause := time.Now(), s.pause
	for {
		refused, again, wait, err := s.post(body, n)
		if err == nil {
			s.sent.Add(n - min(refused, n))
			s.refused.Add(min(refused, n))
			s.moved.Store(time.Now().UnixNano())
			return true
		}
		text := err.Error()
		s.trouble.Store(&text)
		if !again {
			s.refused.Add(n)
			s.moved.Store(time.Now().UnixNano())
			return true
		}
		if wait = max(wait, pause/2+rand.N(pause)); s.hurry.Err() != nil || time.Since(began) > giveUpAfter || s.ending() && time.Since(began) > lastRequest {
			s.unheard.Add(n)
			return false
		}
		pause = min(2*pause, longestWait)
		late := time.NewTimer(wait)
		over := s.over
		if s.ending() {
			over = nil // it has been told already
			late.Reset(min(wait, s.pause))
		}
		select {
		case <-late.C:
		case <-over: // once more at once, and for the last time
		case <-s.hurry.Done():
		}
		late.Stop()
	}
}

// bodyOf is a request with these lines, compressed.
func (s *sending) bodyOf(lines []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // a level that there is
	io.WriteString(z, s.before)
	lines = bytes.TrimSuffix(lines, []byte{'\n'})
	z.Write(bytes.ReplaceAll(lines, []byte{'\n'}, []byte{','}))
	io.WriteString(z, s.after)
	z.Close()
	return b.Bytes()
}

// post sends a request of n items: how many of them the receiver refused; or the error, and whether,
// and after what time at least, it is to be sent again.
func (s *sending) post(body []byte, n uint64) (refused uint64, again bool, wait time.Duration, err error) {
	within := sendWithin
	if s.ending() {
		within = lastRequest
	}
	ctx, cancel := context.WithTimeout(s.hurry, within)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return 0, false, 0, err
	}
	r.Header = s.headers.Clone()
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Content-Encoding", "gzip")
	r.Header.Set("User-Agent", "tcpwatch")
	a, err := s.client.Do(r)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("it does not answer")
		}
		return 0, true, 0, shortError(err)
	}
	defer a.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(a.Body, answerBytes))
	switch a.StatusCode {
	case http.StatusOK, http.StatusAccepted, http.StatusNoContent:
		return refusedOf(answer), false, 0, nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if seconds, err := strconv.Atoi(a.Header.Get("Retry-After")); err == nil && seconds > 0 {
			wait = min(time.Duration(seconds)*time.Second, giveUpAfter)
		}
		again = true
	}
	return 0, again, wait, fmt.Errorf("it answers %d", a.StatusCode)
}

// shortError is an error of the client without the request.
func shortError(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return plainError(inner)
	}
	return err
}

// refusedOf is how many items an answer says that were refused.
func refusedOf(answer []byte) uint64 {
	var x struct {
		Partial struct {
			Logs   json.RawMessage `json:"rejectedLogRecords"`
			Spans  json.RawMessage `json:"rejectedSpans"`
			Points json.RawMessage `json:"rejectedDataPoints"`
		} `json:"partialSuccess"`
	}
	if json.Unmarshal(answer, &x) != nil {
		return 0
	}
	text := cmp.Or(string(x.Partial.Logs), string(x.Partial.Spans), string(x.Partial.Points))
	n, _ := strconv.ParseUint(strings.Trim(text, `"`), 10, 64) // 0 for what is no number
	return n
}
