package lab

import (
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Stage is what a script acts on. Its methods are for the script's goroutine.
type Stage struct {
	Client, Server *Host
	Router         *Host // between them when the scenario is Routed, else nil

	net   *network
	begin func() error // starts the taps of a Late scenario
	taps  []*recorder

	mu     sync.Mutex
	fds    map[int]bool
	notes  []string
	counts []account
	err    error
}

// Fail ends the script with an error.
func (s *Stage) Fail(format string, args ...any) {
	s.err = fmt.Errorf(format, args...)
	runtime.Goexit()
}

func (s *Stage) try(err error) {
	if err != nil {
		s.Fail("%w", err)
	}
}

// Note keeps a sentence for the truth file.
func (s *Stage) Note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// Pause lets time pass.
func (s *Stage) Pause(d time.Duration) { time.Sleep(d) }

// Record starts the taps of a Late scenario: what went before is not captured.
func (s *Stage) Record() { s.try(s.begin()) }

// own and disown keep track of sockets, to close what a script leaves open.
func (s *Stage) own(fd int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fds[fd] = true
}

func (s *Stage) disown(fd int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.fds, fd)
}

func (s *Stage) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for fd := range s.fds {
		unix.Close(fd)
	}
	clear(s.fds)
}

// Joined connects the client's port 40000 to the server's port 80 and returns
// both ends.
func (s *Stage) Joined() (c, a *Sock) {
	l := s.Server.Listen(80)
	c = s.Client.Connect(40000, s.Server.At(80))
	return c, l.Accept()
}

// Exchange sends a request and a response.
func (s *Stage) Exchange(c, a *Sock) {
	c.Send(100)
	a.Recv(100)
	a.Send(1000)
	c.Recv(1000)
}

// Next is the sequence number that follows what src last sent to dst, by the
// first tap.
func (s *Stage) Next(src, dst netip.AddrPort) (next uint32) {
	found := false
	for _, seg := range s.taps[0].segments() {
		if seg.src == src && seg.dst == dst && (!found || int32(seg.end()-next) > 0) {
			next, found = seg.end(), true
		}
	}
	if !found {
		s.Fail("nothing seen from %v to %v", src, dst)
	}
	return next
}

// Tune sets a file under /proc/sys/net of the host.
func (h *Host) Tune(name string, value int) { h.stage.try(h.Sysctl(name, value)) }

// chain is where a host drops: what arrives for it or, on the router, passes.
const chain = "lab losses"

// prepareChain makes the host's chain.
func (h *Host) prepareChain(hook string) error {
	return h.NFT("add table inet lab", "add chain inet "+chain+" { type filter hook "+hook+" priority 0; policy accept; }")
}

// Rule adds a rule of nft(8) to the host's chain.
func (h *Host) Rule(rule string) { h.stage.try(h.NFT("add rule inet " + chain + " " + rule)) }

// Drop drops the first n packets that match, all when n is 0.
func (h *Host) Drop(match string, n int) {
	if n > 0 {
		match += fmt.Sprintf(" numgen inc mod 1000000 < %d", n)
	}
	h.Rule(match + " drop")
}

// Clear removes the host's rules.
func (h *Host) Clear() { h.stage.try(h.NFT("flush chain inet " + chain)) }

// Inject sends a forged segment from the host, whoever its source may be.
func (h *Host) Inject(seg *segment, ttl uint8) {
	h.stage.try(h.Do(func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Sendto(fd, forge(seg, ttl), 0, &unix.SockaddrInet4{Addr: seg.dst.Addr().As4()})
	}))
}
