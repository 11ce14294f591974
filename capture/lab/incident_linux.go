package lab

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture/lab/wire"
)

// Incident is trouble that lasts until it is mended: to be watched while it goes on.
type Incident struct {
	Name     string
	Doc      string
	Shape    wire.Shape
	AtServer bool // who watches sits at the server, else at the client
	fewPorts bool // the client has only some ports to choose from
	before   steps
	trouble  steps
	mend     steps
}

// incidentLasts is for how long the trouble of an Incident goes on.
const incidentLasts = 13 * time.Second

// smallRange is how many ports the client of ports-exhausted has.
const smallRange = 200

// Incidents are those that a person may meet who begins to watch.
func Incidents() []Incident {
	quiet := repeat(5, served, wait(100*time.Millisecond))
	often := func(n int, all ...step) steps {
		return steps{repeat(n, append(all, wait(incidentLasts/time.Duration(n)))...)}
	}
	return []Incident{
		{Name: "accept-queue-full", AtServer: true, Shape: wire.Relayed,
			Doc:    "the application accepts no more: its accept queue fills, and the system drops SYNs",
			before: steps{listenBacklog(4), quiet}, trouble: append(steps{forgetJoints}, often(40, dial)...), mend: steps{acceptAll}},
		{Name: "syns-dropped", Shape: wire.Routed,
			Doc:    "a firewall begins to drop the SYNs to a port",
			before: steps{listen(), quiet}, trouble: append(steps{drop(0, toServer+bareSYN)}, often(26, dial)...), mend: steps{clearRules, acceptAll}},
		{Name: "ports-exhausted", fewPorts: true,
			Doc:    "a client opens a connection for each request and closes it first, until its ports are all in TIME-WAIT",
			before: steps{client.tunes("tcp_tw_reuse", 0), fewPorts(fmt.Sprintf("%d %d", firstPort, firstPort+smallRange-1)), listen(), quiet}, trouble: steps{useUpPorts}, mend: steps{wait(moment)}},
		{Name: "close-wait-leak", AtServer: true,
			Doc:    "clients close, and the application does not",
			before: steps{listen()}, trouble: steps{repeat(20, open, exchange, client.closes, wait(300*time.Millisecond)), wait(incidentLasts / 2)}, mend: steps{each(server.closes), quiet}},
		{Name: "idle-forgotten", Shape: wire.Routed,
			Doc:    "something on the path forgets five connections that were idle for a minute: what is sent then meets silence",
			before: steps{listen(), repeat(5, open, exchange), wait(ages), cutSoFar},
			// New ones are served meanwhile.
			trouble: append(steps{each(client.sends(100))}, often(13, served)...), mend: steps{clearRules, firstFive(client.aborts), quiet}},
		{Name: "answers-lost-to-one", Shape: wire.Routed, AtServer: true,
			Doc:     "the SYN/ACKs do not reach one client, others are served",
			before:  steps{moreClients, listen(), quiet, dropToOther(anySYN)},
			trouble: append(steps{forgetJoints}, often(13, repeat(10, served), byOther(dial))...), mend: steps{clearRules, acceptAll}},
	}
}

// Scene is an Incident that is being played.
type Scene struct {
	*Stage
	incident *Incident
}

// Begin prepares an Incident on the network number n, which must differ from those of others
// that run at the same time. Who is done with it calls End.
func (l *Lab) Begin(x *Incident, n int) (*Scene, error) {
	net, err := wire.New(x.Shape, n, false, false, sceneEntries)
	if err != nil {
		return nil, err
	}
	s, err := l.stage(&Scenario{Shape: x.Shape, Relay: relayOf(x.Shape)}, net)
	if err != nil {
		net.Close()
		return nil, err
	}
	return &Scene{s, x}, nil
}

// relayOf delays every segment of a network with a relay a little: what stands beside an end is
// told from how long the answers take.
func relayOf(shape wire.Shape) func(*wire.Segment) wire.Verdict {
	if shape == wire.Relayed {
		return slowly(5 * time.Millisecond)
	}
	return nil
}

// sceneEntries is how many sockets the tables of a Scene's namespaces are made for.
const sceneEntries = 1 << 17

// Network is what it is played on.
func (x *Scene) Network() *wire.Network { return x.net }

// Watched is where somebody watches, and on which interface.
func (x *Scene) Watched() (ns *wire.Namespace, device string) {
	if x.incident.AtServer {
		return x.net.Server, wire.ServerIf
	}
	return x.net.Client, wire.ClientIf
}

// Ports are the first and the last port that the client chooses from; 0 where all are as usual.
func (x *Scene) Ports() (low, high uint16) {
	if x.incident.fewPorts {
		return firstPort, firstPort + smallRange - 1
	}
	return 0, 0
}

// Before plays what goes before the trouble.
func (x *Scene) Before() error { return x.act(x.incident.before) }

// Trouble lets the trouble go on for a while.
func (x *Scene) Trouble() error { return x.act(x.incident.trouble) }

// Mend ends it.
func (x *Scene) Mend() error { return x.act(x.incident.mend) }

// act does steps in a goroutine of its own, which Fail may end.
func (x *Scene) act(all steps) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		all.play(x.Stage)
	}()
	<-done
	if x.err != nil {
		return fmt.Errorf("%s: %w", x.incident.Name, x.err)
	}
	return nil
}

// End closes its sockets and lets its namespaces go.
func (x *Scene) End() {
	x.closeAll()
	x.net.Close()
}

// cutSoFar lets the router drop what belongs to the connections so far.
func cutSoFar(s *Stage) {
	for _, way := range [...]string{"sport", "dport"} {
		s.Router.Rule(fmt.Sprintf("tcp %s %d-%d drop", way, firstPort, firstPort+s.ports-1))
	}
}

// dropToOther lets the router drop what is for the other client and matches.
func dropToOther(match string) step {
	return func(s *Stage) { s.Router.Rule(toClient + match + "ip daddr " + s.Other.IP.String() + " drop") }
}

// acceptAll accepts for a while whatever comes.
func acceptAll(s *Stage) {
	for end := time.Now().Add(8 * time.Second); time.Now().Before(end); s.Pause(20 * time.Millisecond) {
		fd, _, err := unix.Accept4(s.listener.fd, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
		if err == nil {
			s.own(fd)
		}
	}
}

// firstFive does steps with the first five connections.
func firstFive(all ...step) step {
	return func(s *Stage) {
		for i := range 5 {
			nth(i, all...)(s)
		}
	}
}

// useUpPorts opens connections from ports that the system chooses, some 100 a second, as long as
// there are ports, and goes on asking for them.
func useUpPorts(s *Stage) {
	none := 0
	for end := time.Now().Add(incidentLasts); time.Now().Before(end); s.Pause(10 * time.Millisecond) {
		c := s.Client.Unbound()
		switch err := unix.Connect(c.fd, wire.SockAddr(s.aim())); {
		case err == unix.EADDRNOTAVAIL:
			none++
			c.Close()
			continue
		case err != unix.EINPROGRESS:
			c.check("connect", err)
		}
		s.begin(c)
		steps{connected, accept, exchange, client.closesFirst}.play(s)
	}
	if none == 0 {
		s.Fail("%w", errors.New("there was a port each time"))
	}
}
