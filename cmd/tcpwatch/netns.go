package main

import (
	"errors"
	"fmt"
	"net/netip"

	"tcpwatch/capture"
	"tcpwatch/capture/host"
	"tcpwatch/capture/live"
	"tcpwatch/internal/say"
)

// enter enters the network namespace of --netns, nil without it.
func (o *options) enter() (*host.Namespace, error) {
	if o.netns == "" {
		return nil, nil
	}
	n, err := host.Enter(o.netns)
	if err != nil {
		return nil, fmt.Errorf("--netns %w", err)
	}
	return n, nil
}

// interfaces is what -D prints.
func (o *options) interfaces() (text string, err error) {
	netns, err := o.enter()
	if err != nil {
		return "", err
	}
	defer netns.Close()
	netns.Do(func() {
		var all []live.Interface
		all, err = live.Interfaces()
		for _, i := range all {
			text += say.Escape(i.String()) + "\n"
		}
	})
	return text, err
}

// checkNamespace refuses --netns without a name, and with files.
func (o *options) checkNamespace(given bool) error {
	switch {
	case given && o.netns == "":
		return errors.New("--netns: the number of a process in it, or its name (ip netns)")
	case given && !o.isLive():
		return fmt.Errorf("--netns %s is for a live capture: not with %s", o.netns, o.read[0])
	}
	return nil
}

// own tells which addresses are those of the host, or of the namespace in which it captures.
func (s *session) own() func(capture.Addr) bool {
	var mine map[netip.Addr]bool
	s.netns.Do(func() { mine = host.Addrs() })
	if by := s.o.run.Anonymize; by != nil {
		others := make(map[netip.Addr]bool)
		for a := range mine {
			others[by.Addr(capture.AddrFrom(a)).Netip()] = true
		}
		mine = others
	}
	return func(a capture.Addr) bool { return mine[a.Netip()] }
}

// limits are the settings of that host.
func (s *session) limits() (l host.Limits) {
	s.netns.Do(func() { l = host.ReadLimits() })
	return l
}

// trouble is live.Trouble of one of its interfaces.
func (s *session) trouble(name string) (text string) {
	s.netns.Do(func() { text = live.Trouble(name) })
	return text
}
