package load

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture/lab/wire"
)

// Watcher is a command that captures from an interface until SIGINT, and then
// says how many packets it read and how many the kernel dropped.
type Watcher struct {
	Name    string
	Command []string       // INTERFACE stands for what it captures on
	Read    *regexp.Regexp // finds the number in what it says
	Dropped *regexp.Regexp // likewise; not found is none
}

// Watched is one run of a Watcher while packets came at a set rate.
type Watched struct {
	Name    string  `json:"name"`
	Rate    int     `json:"rate"` // packets a second that were asked for
	Sent    int     `json:"sent"`
	Seconds float64 `json:"seconds"` // that sending took
	Read    int     `json:"read"`
	Dropped int     `json:"dropped"` // by the kernel, as the command says
	CPU     float64 `json:"cpu_s"`   // of the command
	Said    string  `json:"-"`
}

// RateTest is a comparison of what captures live, one at a time.
type RateTest struct {
	Watchers []Watcher
	Rates    []int         // packets a second
	Length   time.Duration // of one run
	Turns    int           // how often each rate is tried with each Watcher
	Progress func(Watched) `json:"-"` // told of each run
}

const (
	rateNetwork = 251 // beyond the numbers of scenarios, beside loadNetwork
	rateEntries = 256
	rateSettle  = time.Second // for what the kernel still holds when the last packet is sent
)

// Run makes a pair of interfaces, has one of them receive short connections, and
// lets each Watcher in turn capture on it.
func (r *RateTest) Run() (all []Watched, err error) {
	lock, err := wire.Claim("ip", "nft")
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	t, err := shortTemplate()
	if err != nil {
		return nil, err
	}
	net, err := wire.New(wire.Pair, rateNetwork, false, false, rateEntries)
	if err != nil {
		return nil, err
	}
	defer net.Close()
	for _, rate := range r.Rates {
		for range r.Turns {
			for _, w := range r.Watchers {
				one, err := watch(net, w, t, rate, r.Length)
				if err != nil {
					return nil, fmt.Errorf("%s at %d packets a second: %w", w.Name, rate, err)
				}
				if all = append(all, one); r.Progress != nil {
					r.Progress(one)
				}
			}
		}
	}
	return all, nil
}

// watch lets a command capture while packets come.
func watch(net *wire.Network, w Watcher, t *template, rate int, length time.Duration) (Watched, error) {
	done := Watched{Name: w.Name, Rate: rate}
	x, err := ready(net, t, rate, length)
	if err != nil {
		return done, err
	}
	defer x.close()
	args := make([]string, len(w.Command))
	for i, a := range w.Command {
		args[i] = strings.ReplaceAll(a, "INTERFACE", wire.ServerIf)
	}
	var out bytes.Buffer
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &out
	// It ends with the namespace's thread at the latest.
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	err = net.Server.Do(func() error {
		return errors.Join(keepTo(func(core int) bool { return core != blastCore() }), cmd.Start())
	})
	if err != nil {
		return done, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if err = awaitTap(net.Server); err == nil {
		var sent blasted
		sent, err = blast(net, x, rate, length)
		done.Sent, done.Seconds = sent.sent, sent.took.Seconds()
		time.Sleep(rateSettle)
	}
	err = errors.Join(err, cmd.Process.Signal(unix.SIGINT))
	select {
	case e := <-ended:
		err = errors.Join(err, e)
	case <-time.After(wire.Patience):
		err = errors.Join(err, cmd.Process.Kill(), errors.New("it did not end"))
		<-ended
	}
	done.Said = out.String()
	if err != nil {
		return done, fmt.Errorf("%w: %s", err, done.Said)
	}
	done.CPU = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	if done.Read, err = found(w.Read, done.Said); err != nil {
		return done, err
	}
	if w.Dropped.MatchString(done.Said) {
		done.Dropped, err = found(w.Dropped, done.Said)
	}
	return done, err
}

// found is the number that an expression finds.
func found(e *regexp.Regexp, text string) (int, error) {
	m := e.FindStringSubmatch(text)
	if len(m) < 2 {
		return 0, fmt.Errorf("no %q in: %s", e, text)
	}
	return strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
}

// awaitTap waits until a packet socket of the namespace is at work.
func awaitTap(n *wire.Namespace) error {
	const running = 5 // column of /proc/net/packet
	for deadline := time.Now().Add(wire.Patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var text []byte
		err := n.Do(func() (err error) {
			text, err = os.ReadFile("/proc/thread-self/net/packet")
			return err
		})
		if err != nil {
			return err
		}
		for _, line := range strings.Split(string(text), "\n") {
			if f := strings.Fields(line); len(f) > running && f[running] == "1" {
				time.Sleep(200 * time.Millisecond) // its filter may come last
				return nil
			}
		}
	}
	return errors.New("no capture began")
}
