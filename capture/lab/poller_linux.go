package lab

import (
	"net/netip"
	"sync/atomic"
	"time"

	"tcpwatch/capture/host"
	"tcpwatch/capture/lab/wire"
)

// sighting is a small socket that polling saw: a request socket in
// SYN-RECEIVED, or what holds TIME-WAIT or an orphan's FIN-WAIT-2.
type sighting struct {
	local, remote netip.AddrPort
	state         host.State
	first, last   int64 // nanoseconds since 1970-01-01 UTC: when polls that saw it began
	firstDone     int64 // when the first of them was done
	gone          int64 // the first poll that did not see it any more; 0 when there was none
}

// poller asks sock_diag of one namespace again and again.
type poller struct {
	diag      *host.Diag
	stop      atomic.Bool
	done      chan struct{}
	err       error
	sightings []*sighting
	live      map[sightingKey]*sighting
}

type sightingKey struct {
	local, remote netip.AddrPort
	state         host.State
	cookie        uint64
}

// pollEvery is the pause between two polls; a poll that takes long is followed
// by a pause of three times its length, so that a storm is not slowed by it.
const pollEvery = 4 * time.Millisecond

func poll(ns *wire.Namespace) (*poller, error) {
	d, err := host.OpenDiag(ns.FD())
	if err != nil {
		return nil, err
	}
	p := &poller{diag: d, done: make(chan struct{}), live: map[sightingKey]*sighting{}}
	go p.run()
	return p, nil
}

func (p *poller) run() {
	defer close(p.done)
	for {
		last := p.stop.Load()
		begun := time.Now()
		if p.err = p.once(); p.err != nil || last {
			return
		}
		time.Sleep(max(pollEvery, 3*time.Since(begun)))
	}
}

func (p *poller) once() error {
	now := time.Now().UnixNano()
	err := p.diag.TCP(host.States(host.SynReceived, host.FinWait2, host.TimeWait), func(s *host.Socket) {
		if s.State == host.FinWait2 && s.Timer != host.TimerTimeWait {
			return // a full socket: the tracepoint tells about it
		}
		key := sightingKey{s.Local, s.Remote, s.State, s.Cookie}
		w := p.live[key]
		if w == nil {
			w = &sighting{local: s.Local, remote: s.Remote, state: s.State, first: now}
			p.live[key] = w
			p.sightings = append(p.sightings, w)
		}
		w.last = now
	})
	if err != nil {
		return err
	}
	done := time.Now().UnixNano()
	for key, w := range p.live {
		if w.firstDone == 0 {
			w.firstDone = done
		}
		if w.last != now {
			w.gone = done
			delete(p.live, key)
		}
	}
	return nil
}

// close polls once more and ends.
func (p *poller) close() ([]*sighting, error) {
	p.stop.Store(true)
	<-p.done
	p.diag.Close()
	return p.sightings, p.err
}
