package serve

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"tcpwatch/internal/recordtest"
	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// played is a run made up: it hands the Server a View whenever that wants one.
type played struct {
	*Server
	url   string
	mu    sync.Mutex
	told  []string
	views int
	// records are those of the connections that are held.
	records []*record.Record
	ended   bool
	end     func()
}

// play starts a Server at an address.
func play(t *testing.T, address, token string, change ...func(o *Options)) *played {
	t.Helper()
	a, err := ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	l, err := a.Listen(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := &played{records: recordtest.Mixture()}
	o := Options{Listener: l, Address: a, Token: token, Live: true, Input: "eth<0>", Tell: p.tell, Tables: report.TableOptions{Reports: report.ReportNames(), Top: 100}}
	for _, f := range change {
		f(&o)
	}
	if p.Server, err = New(o); err != nil {
		t.Fatal(err)
	}
	p.url = "http://" + l.Addr().String()
	p.refresh = 50 * time.Millisecond
	p.Part()
	p.Start()
	stop := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
			}
			if w := p.Wanted(); w.Due {
				p.View(p.view(w))
			}
		}
	})
	var once sync.Once
	p.end = func() { once.Do(func() { close(stop); running.Wait(); p.Finish() }) }
	t.Cleanup(p.end)
	return p
}

func (p *played) tell(line string) {
	p.mu.Lock()
	p.told = append(p.told, line)
	p.mu.Unlock()
}

// view is what there is to see, as the engine makes it.
func (p *played) view(w report.Wanted) *report.View {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.views++
	v := &report.View{Wanted: w, At: recordtest.Start + int64(p.views)*1e9, Ended: p.ended,
		Headline: &report.Headline{Interface: "eth0", Live: true, MSL: 30e9, Packets: uint64(p.views), Segments: 1000, Start: recordtest.Start, End: recordtest.Start + 300e9}}
	o := report.SummaryOptions{Detectors: diagnose.Detectors(), Pictures: true, Rows: -1}
	v.Recent = report.NewSummary(o)
	l := report.NewListing(w, p.o.Tables.Records)
	if w.All {
		v.All = report.NewSummary(o)
	}
	for _, r := range p.records {
		v.Recent.Add(r)
		if w.All {
			v.All.Add(r)
		}
		l.Add(r)
		if r.ID == w.Follow {
			v.Followed = r
		}
	}
	v.Findings = v.Recent.Findings(v.Headline)
	v.Listed, v.Matching = l.Records()
	return v
}

// request asks for a path, with headers "Name: value".
func (p *played) request(t *testing.T, method, path, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	return ask(t, method, p.url+path, body, headers...)
}

// ask asks a server, with headers "Name: value"; it follows nowhere else.
func ask(t *testing.T, method, at, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, at, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if r.Header.Set(name, value); name == "Host" {
			r.Host = value
		}
	}
	c := http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	a, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a, string(b)
}

// get asks for a path of the API.
func (p *played) get(t *testing.T, path string, headers ...string) (status int, body string) {
	t.Helper()
	a, b := p.request(t, "GET", path, "", headers...)
	return a.StatusCode, b
}

// follower reads the events of a page.
type follower struct {
	body   io.ReadCloser
	events chan [2]string // name and data
}

func (p *played) follower(t *testing.T, headers ...string) *follower {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	r, _ := http.NewRequestWithContext(ctx, "GET", p.url+"/events", nil)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Body.Close() })
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("status %d, %s", a.StatusCode, a.Header.Get("Content-Type"))
	}
	f := &follower{a.Body, make(chan [2]string, 100)}
	go func() {
		defer close(f.events)
		lines, name := bufio.NewReader(a.Body), ""
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			if v, ok := strings.CutPrefix(line, "event: "); ok {
				name = strings.TrimSpace(v)
			}
			if v, ok := strings.CutPrefix(line, "data: "); ok {
				f.events <- [2]string{name, strings.TrimSpace(v)}
			}
		}
	}()
	return f
}

// next is the next event; the test fails where none comes.
func (f *follower) next(t *testing.T) (string, event) {
	t.Helper()
	select {
	case e, ok := <-f.events:
		if !ok {
			t.Fatal("the events have ended")
		}
		var x event
		if e[1] != "" {
			if err := json.Unmarshal([]byte(e[1]), &x); err != nil {
				t.Fatal(err)
			}
		}
		return e[0], x
	case <-time.After(10 * time.Second):
		t.Fatal("no event for 10 s")
	}
	return "", event{}
}

// Whoever may not ask is refused, in one line that says why.
func TestRefused(t *testing.T) {
	local, open := play(t, "127.0.0.1:0", ""), play(t, "0.0.0.0:0", "secret")
	open.url = strings.Replace(open.url, "[::]", "127.0.0.1", 1)
	const bearer = "Authorization: Bearer secret"
	for _, x := range []struct {
		to                 *played
		method, path, body string
		headers            []string
		status             int
		want               string // in the answer
	}{
		{local, "GET", "/", "", nil, 200, "<title>tcpwatch</title>"},
		{local, "HEAD", "/", "", nil, 200, ""},
		{local, "GET", "/", "", []string{"Host: localhost"}, 200, "<title>"},
		{local, "GET", "/", "", []string{"Host: LOCALHOST:9999"}, 200, "<title>"},
		{local, "GET", "/", "", []string{"Host: [::1]:8080"}, 200, "<title>"},
		{local, "GET", "/", "", []string{"Host: 127.0.0.2:8080"}, 200, "<title>"},
		{local, "GET", "/", "", []string{"Host: evil.example"}, 421, "Host evil.example: ask for the address in numbers"},
		{local, "GET", "/", "", []string{"Host: evil.example:80"}, 421, "Host evil.example:80"},
		{local, "GET", "/", "", []string{"Host: 127.0.0.1.evil.example"}, 421, "Host"},
		{local, "GET", "/", "", []string{"Host: localhost.evil.example:8080"}, 421, "Host"},
		{local, "GET", "/", "", []string{"Host: 192.0.2.1"}, 421, "Host 192.0.2.1"},
		{local, "GET", "/api/v1/headline", "", []string{"Host: evil.example"}, 421, `{"error":"Host evil.example: ask`},
		{local, "GET", "/", "", []string{"Origin: http://evil.example"}, 403, "Origin http://evil.example: a page of another site"},
		{local, "GET", "/", "", []string{"Origin: null"}, 403, "Origin null"},
		{local, "GET", "/", "", []string{"Origin: http://localhost:1", "Host: localhost:2"}, 403, "Origin"},
		{local, "GET", "/", "", []string{"Origin: https://localhost:2", "Host: localhost:2"}, 403, "Origin"},
		{local, "GET", "/", "", []string{"Origin: http://localhost:2", "Host: localhost:2"}, 200, "<title>"},
		{local, "GET", "/events", "", []string{"Sec-Fetch-Site: cross-site"}, 403, "Sec-Fetch-Site cross-site: a page of another site"},
		{local, "GET", "/api/v1/findings", "", []string{"Sec-Fetch-Site: same-site"}, 403, `{"error":"Sec-Fetch-Site same-site`},
		{local, "GET", "/", "", []string{"Sec-Fetch-Site: none"}, 200, "<title>"},
		{local, "GET", "/", "", []string{"Sec-Fetch-Site: same-origin"}, 200, "<title>"},
		{local, "POST", "/", "", nil, 405, "POST: only GET and HEAD"},
		{local, "POST", "/token", "token=", nil, 405, "POST: only GET and HEAD"},
		{local, "PUT", "/api/v1/findings", "{}", nil, 405, `{"error":"PUT: only GET`},
		{local, "DELETE", "/api/v1/findings", "", nil, 405, `{"error":"DELETE: only GET`},
		{local, "OPTIONS", "/", "", nil, 405, "OPTIONS: only"},
		{local, "GET", "/../etc/passwd", "", nil, 307, ""},
		{local, "GET", "/etc/passwd", "", nil, 404, "nothing of that name"},
		{local, "GET", "/api/v2/findings", "", nil, 404, `{"error":"there is nothing`},
		{open, "GET", "/", "", nil, 401, "the token is missing"},
		{open, "GET", "/api/v1/findings", "", nil, 401, `{"error":"the token is missing`},
		{open, "GET", "/events", "", nil, 401, "the token is missing"},
		{open, "GET", "/api/v1/openapi.json", "", nil, 401, `{"error"`},
		{open, "GET", "/", "", []string{"Accept: text/html"}, 401, `<form method="post" action="/token">`},
		{open, "GET", "/", "", []string{"Authorization: Bearer wrong"}, 401, "the token is missing"},
		{open, "GET", "/", "", []string{"Authorization: Bearer secreT"}, 401, "the token is missing"},
		{open, "GET", "/", "", []string{"Authorization: Basic secret"}, 401, "the token is missing"},
		{open, "GET", "/", "", []string{"Cookie: tcpwatch=secret"}, 401, "the token is missing"},
		{open, "GET", "/", "", []string{bearer}, 200, "<title>"},
		{open, "GET", "/", "", []string{bearer, "Host: 192.0.2.1:8080"}, 200, "<title>"},
		{open, "GET", "/", "", []string{bearer, "Host: evil.example"}, 421, "Host evil.example"},
		{open, "GET", "/", "", []string{bearer, "Sec-Fetch-Site: cross-site"}, 403, "Sec-Fetch-Site"},
		{open, "GET", "/?token=wrong", "", nil, 401, "the token is wrong"},
		{open, "HEAD", "/?token=secret", "", nil, 401, ""},
		{open, "POST", "/token", "token=wrong", []string{"Content-Type: application/x-www-form-urlencoded"}, 401, "the token is wrong"},
		{open, "POST", "/token", "token=" + strings.Repeat("x", 5000), []string{"Content-Type: application/x-www-form-urlencoded"}, 401, "the token is wrong"},
		{open, "POST", "/token", "token=secret", []string{"Content-Type: application/x-www-form-urlencoded", "Origin: http://evil.example"}, 403, "Origin"},
		{open, "POST", "/api/v1/findings", "", []string{bearer}, 405, "POST"},
	} {
		t.Run(fmt.Sprint(x.method, x.path, x.headers), func(t *testing.T) {
			a, body := x.to.request(t, x.method, x.path, x.body, x.headers...)
			if a.StatusCode != x.status || !strings.Contains(body, x.want) {
				t.Errorf("status %d, want %d: %s", a.StatusCode, x.status, body)
			}
			if x.status >= 400 && !strings.HasPrefix(body, "<!DOCTYPE") && strings.Count(body, "\n") > 1 {
				t.Errorf("more than a line: %q", body)
			}
			if a.Header.Get("Set-Cookie") != "" || a.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("headers %v", a.Header)
			}
			for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Resource-Policy", "Cache-Control"} {
				if a.Header.Get(name) == "" {
					t.Errorf("no %s", name)
				}
			}
		})
	}
}

// The token is taken once out of the address and any time from a form; a cookie stands for it
// then, and it is in no address any more.
func TestToken(t *testing.T) {
	p := play(t, "0.0.0.0:0", "secret")
	p.url = strings.Replace(p.url, "[::]", "127.0.0.1", 1)
	admitted := func(a *http.Response) string {
		t.Helper()
		c := a.Header.Get("Set-Cookie")
		if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/" || !strings.HasSuffix(c, "; Path=/; HttpOnly; SameSite=Strict") || strings.Contains(c, "secret") {
			t.Fatalf("status %d, to %q, cookie %q", a.StatusCode, a.Header.Get("Location"), c)
		}
		c, _, _ = strings.Cut(c, ";")
		return "Cookie: " + c
	}
	a, _ := p.request(t, "GET", "/?token=secret", "")
	cookie := admitted(a)
	if status, body := p.get(t, "/", cookie); status != 200 || strings.Contains(body, "secret") {
		t.Errorf("with the cookie: %d", status)
	}
	if status, body := p.get(t, "/?token=secret"); status != 401 || !strings.Contains(body, "was used already") {
		t.Errorf("the address a second time: %d %s", status, body)
	}
	if a, _ := p.request(t, "GET", "/?token=secret", "", cookie); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/" {
		t.Errorf("the address with the cookie: %d", a.StatusCode)
	}
	form := url.Values{"token": {" secret\n"}}.Encode()
	for range 2 {
		a, _ := p.request(t, "POST", "/token", form, "Content-Type: application/x-www-form-urlencoded")
		if admitted(a) != cookie {
			t.Error("another cookie")
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := strings.Count(strings.Join(p.told, "\n"), "secret"); n != 1 {
		t.Errorf("the token was told %d times: %q", n, p.told)
	}
}

// Ten pages follow while one reads nothing: they get state after state, and nothing waits for it.
func TestManyFollowAndOneIsSlow(t *testing.T) {
	p := play(t, "127.0.0.1:0", "")
	c, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.(*net.TCPConn).SetReadBuffer(4096)
	fmt.Fprintf(c, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n") // and reads nothing
	var all []*follower
	for range 10 {
		all = append(all, p.follower(t))
	}
	last := ""
	for range 3 {
		for i, f := range all {
			name, e := f.next(t)
			if name != "view" || len(e.Order) < 8 || len(e.Pieces) == 0 {
				t.Fatalf("follower %d: %s %v", i, name, e.Order)
			}
			last = e.AsOf
		}
	}
	if !strings.HasPrefix(last, "as of ") {
		t.Errorf("the last state is %q", last)
	}
	p.end()
	for _, f := range all {
		for name := ""; name != "end"; {
			name, _ = f.next(t)
		}
	}
}

// The page of a file follows it while it is read, how far that is, too, and says when all is read.
func TestFollowsAFileThatLoads(t *testing.T) {
	p := play(t, "127.0.0.1:0", "", func(o *Options) { o.Live, o.Input, o.Size = false, "a.pcap", 2000 })
	f := p.follower(t)
	states := map[string]bool{}
	for _, offset := range []int64{740, 1990, 2100} {
		p.Tick(&record.Tick{Offset: offset})
		for range 3 { // one may have been under way
			_, e := f.next(t)
			states[e.State] = true
		}
	}
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	for last := ""; last != "all is read"; {
		_, e := f.next(t)
		last = e.State
	}
	for _, want := range []string{"reading: 37%", "reading: 99%", "reading: 100%"} {
		if !states[want] {
			t.Errorf("no state says %s: %v", want, states)
		}
	}
}

// A page that comes back says which state it has, and gets what is new; one of another run gets all.
func TestComesBack(t *testing.T) {
	p := play(t, "127.0.0.1:0", "")
	_, all := p.follower(t).next(t)
	for len(p.current().pieces) == 0 || p.current().n < 2 {
		time.Sleep(10 * time.Millisecond)
	}
	_, some := p.follower(t, fmt.Sprintf("Last-Event-ID: %s-%d", p.epoch, 1)).next(t)
	_, other := p.follower(t, "Last-Event-ID: other-1").next(t)
	if _, ahead := p.follower(t, fmt.Sprintf("Last-Event-ID: %s-%d", p.epoch, 1<<40)).next(t); len(ahead.Pieces) != len(ahead.Order) {
		t.Errorf("whoever has a state that there was not gets %d pieces of %d", len(ahead.Pieces), len(ahead.Order))
	}
	if len(all.Pieces) != len(all.Order) || len(other.Pieces) != len(other.Order) || len(some.Pieces) == 0 || len(some.Pieces) >= len(some.Order) {
		t.Errorf("%d, %d and %d pieces of %d", len(all.Pieces), len(some.Pieces), len(other.Pieces), len(all.Order))
	}
	if _, page := p.get(t, "/"); !strings.Contains(page, `<div data-piece="findings"><section id="findings"`) {
		t.Error("a page that is loaded again is empty")
	}
}

// There are so many clients and no more.
func TestBounded(t *testing.T) {
	p := play(t, "127.0.0.1:0", "")
	var first *follower
	for range maxClients {
		first = p.follower(t)
	}
	if status, body := p.get(t, "/events"); status != http.StatusServiceUnavailable || !strings.Contains(body, "32 pages follow already") {
		t.Errorf("one more: %d %s", status, body)
	}
	if status, _ := p.get(t, "/"); status != http.StatusOK {
		t.Errorf("the page: %d", status)
	}
	first.body.Close()
	for end := time.Now().Add(10 * time.Second); len(p.slots) == maxClients; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("who is gone has a place still")
		}
	}
	p.follower(t)
}

// While nobody looks nothing is summed up, but findings are followed.
func TestNobodyLooks(t *testing.T) {
	p := play(t, "127.0.0.1:0", "")
	time.Sleep(20 * time.Millisecond)
	if w := p.Wanted(); w.All || !w.Hold {
		t.Errorf("wanted %+v", w)
	}
	p.get(t, "/")
	if w := p.Wanted(); !w.All || !w.Held {
		t.Errorf("wanted %+v", w)
	}
}

// Nobody is answered by what another's slow reading holds up, and the end waits for nobody.
func TestEndsWhileSomebodyReadsNothing(t *testing.T) {
	p := play(t, "127.0.0.1:0", "")
	for range 3 {
		c, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
	}
	time.Sleep(100 * time.Millisecond)
	began := time.Now()
	p.end()
	if d := time.Since(began); d > 3*time.Second {
		t.Errorf("the end took %v", d)
	}
	if c, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://")); err == nil {
		c.Close()
		t.Error("somebody listens still")
	}
}
