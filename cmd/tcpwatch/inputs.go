package main

import (
	"fmt"
	"os"

	"tcpwatch"
	"tcpwatch/capture"
	"tcpwatch/capture/host"
	"tcpwatch/capture/live"
	"tcpwatch/internal/allowance"
	"tcpwatch/internal/inputs"
	"tcpwatch/report/objects"
)

// openSource opens the files or the interface that o names. Of files nothing is read. Those
// that are held are open already, and all there are. An interface is one of netns.
func openSource(o *options, held []*os.File, netns *host.Namespace) (*tcpwatch.Source, error) {
	switch {
	case o.isLive():
		var h *live.Handle
		var err error
		netns.Do(func() { h, err = live.Open(o.live) })
		if err != nil {
			return nil, noFilter(o.filter, err)
		}
		return tcpwatch.Live(h), nil
	case held != nil:
		files := make([]*capture.File, len(held))
		for i, f := range held {
			files[i] = capture.Held(o.read[i], f)
		}
		return tcpwatch.Files(o.windows(files...)...), nil
	}
	for _, name := range o.read {
		if objects.Is(name) {
			return nil, errOnlyRecords(name)
		}
		if about, err := os.Stat(name); err == nil && about.IsDir() && inputs.IsArchive(name) {
			return nil, errOnlyRecords(name)
		}
	}
	if err := allowance.Files(len(o.read)); err != nil {
		return nil, err
	}
	files, err := capture.HoldAll(o.read)
	if err != nil {
		return nil, err
	}
	return tcpwatch.Files(o.windows(files...)...), nil
}

// errOnlyRecords is that what a name leads to holds no captures.
func errOnlyRecords(name string) error {
	return fmt.Errorf("%s: no captures but records: tcpwatch report reads them", name)
}

// windows limits what unpacking the files may hold.
func (o *options) windows(files ...*capture.File) []*capture.File {
	if most, limited := o.memory.Windows(); limited {
		for _, f := range files {
			f.LimitWindows(most, "a quarter of --max-memory")
		}
	}
	return files
}
