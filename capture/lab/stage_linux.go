package lab

import (
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture/lab/wire"
)

// Stage is what the steps of a scenario act on. Its methods are for the player's
// goroutine.
type Stage struct {
	Client, Server *Host
	Router         *Host // between them when the scenario is Routed, else nil
	Other          *Host // the client under another address, when a step gave it one

	net  *wire.Network
	tap  func() error // starts the taps
	taps []*wire.Recorder

	// What the steps of a scenario act on.
	listener *Sock
	target   netip.Addr // where connections go, the server when it is not valid
	joints   []*joint   // in the order in which they were begun
	at       *joint     // the connection at hand
	ports    uint16     // of the client, used
	filled   int        // bytes that fill sent

	mu     sync.Mutex
	fds    map[int]bool
	notes  []string
	counts []account
	err    error
}

// Fail ends the scenario with an error.
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
func (s *Stage) Record() { s.try(s.tap()) }

// own and disown keep track of sockets, to close what a scenario leaves open.
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

// closeAll ends what is left open at once: an orphan with unacknowledged data would end
// with its namespace, some time later, and the tracepoint would tell that of the next
// play, which has the same addresses.
func (s *Stage) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for fd := range s.fds {
		unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		unix.Close(fd)
	}
	clear(s.fds)
}

// addresses are those of the ends' sockets.
func (s *Stage) addresses() []netip.Addr {
	all := []netip.Addr{s.Client.IP, s.Server.IP}
	if s.Other != nil {
		all = append(all, s.Other.IP)
	}
	return all
}

// aim is where connections go.
func (s *Stage) aim() netip.AddrPort {
	if s.target.IsValid() {
		return netip.AddrPortFrom(s.target, 80)
	}
	return s.Server.At(80)
}

// Next is the sequence number that follows what src last sent to dst, by the
// first tap.
func (s *Stage) Next(src, dst netip.AddrPort) (next uint32) {
	// A loaded machine hands packets to the tap when all has long arrived.
	for deadline := time.Now().Add(wire.Patience); s.taps[0].Count() == 0 && time.Now().Before(deadline); {
		s.Pause(5 * time.Millisecond)
	}
	s.Quiet(moment)
	found := false
	for _, seg := range s.taps[0].Segments() {
		if seg.Src == src && seg.Dst == dst && (!found || int32(seg.End()-next) > 0) {
			next, found = seg.End(), true
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
func (h *Host) Inject(seg *wire.Segment, ttl uint8) {
	h.stage.try(h.Do(func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Sendto(fd, wire.Forge(seg, ttl), 0, &unix.SockaddrInet4{Addr: seg.Dst.Addr().As4()})
	}))
}
