package lab_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tcpwatch/report"
	"tcpwatch/report/serve"
)

// servedIncident is the incident at which somebody looks at the page, too.
const servedIncident = "accept-queue-full"

// servedWithin is how long after a View has it a page may take to show a finding: a second between
// two states, and the time that a busy machine takes to make one.
const servedWithin = 3 * time.Second

// servedPage is a page that somebody looks at while an incident is played.
type servedPage struct {
	*serve.Server
	url    string
	stop   chan struct{}
	asking sync.WaitGroup
	mu     sync.Mutex
	shown  map[string]int64 // when a finding was there first, by its ID; ns since 1970
}

// openPage begins to serve, at this host, and asks for what is wrong several times a second.
func openPage(t *testing.T) *servedPage {
	t.Helper()
	address, err := serve.ParseAddress(":0")
	if err != nil {
		t.Fatal(err)
	}
	l, err := address.Listen(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := &servedPage{url: "http://" + l.Addr().String(), stop: make(chan struct{}), shown: make(map[string]int64)}
	if p.Server, err = serve.New(serve.Options{Listener: l, Address: address, Live: true, Input: "the lab", Tell: func(string) {}, Tables: report.TableOptions{Reports: report.ReportNames()}}); err != nil {
		t.Fatal(err)
	}
	p.Start()
	p.asking.Go(func() {
		for {
			select {
			case <-p.stop:
				return
			case <-time.After(100 * time.Millisecond):
				p.ask()
			}
		}
	})
	return p
}

// ask notes what is wrong by now; before the first View and after the end there is no answer.
func (p *servedPage) ask() {
	a, err := http.Get(p.url + "/api/v1/findings")
	if err != nil {
		return
	}
	defer a.Body.Close()
	var x struct{ Findings []struct{ ID string } }
	if json.NewDecoder(a.Body).Decode(&x) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range x.Findings {
		if p.shown[f.ID] == 0 {
			p.shown[f.ID] = time.Now().UnixNano()
		}
	}
}

// judge holds the page to when a View had the finding that is wanted.
func (p *servedPage) judge(t *testing.T, views []seen, want string) {
	close(p.stop)
	p.asking.Wait()
	for _, v := range views {
		for _, f := range v.found {
			if !strings.HasPrefix(f.ID, want) {
				continue
			}
			at := p.shown[f.ID]
			t.Logf("on the page %.1f s after a View had it", float64(at-v.at)/1e9)
			if at == 0 || at-v.at > int64(servedWithin) {
				t.Errorf("%s is not on the page within %v", f.ID, servedWithin)
			}
			return
		}
	}
}
