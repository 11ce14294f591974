package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"tcpwatch"
	"tcpwatch/capture"
	"tcpwatch/capture/live"
	"tcpwatch/internal/account"
	"tcpwatch/internal/allowance"
	"tcpwatch/report"
	"tcpwatch/report/serve"
	"tcpwatch/tracker/record"
)

// served is what the command line says of a server, and what is opened for it.
type served struct {
	option   string // "--http" or "--metrics"
	on       bool
	address  serve.Address
	listener net.Listener
	again    *tcpwatch.Source // the files once more, to draw connections; nil where they cannot be read again
}

// The options of the two servers.
const (
	httpOption    = "--http"
	metricsOption = "--metrics"
)

// takeAddress takes the address of the server.
func (x *served) takeAddress(text string) (err error) {
	x.address, err = serve.ParseAddress(text)
	x.on = err == nil
	return err
}

// checkServed refuses what does not go with --http and --metrics.
func (o *options) checkServed() error {
	if o.http.on && o.ui.on {
		return errors.New("--ui and --http both show a run while it goes on: one of them")
	}
	for _, x := range [...]*served{&o.http, &o.metrics} {
		if x.on && !o.isLive() && o.run.Count > 0 {
			return fmt.Errorf("-c %d ends the run, and what %s serves with it: one of them", o.run.Count, x.option)
		}
	}
	return nil
}

// open opens what the server needs, while there still are the privileges to.
func (x *served) open(o *options) error {
	if !x.on {
		return nil
	}
	uid, gid := os.Getuid(), os.Getgid()
	if os.Geteuid() == 0 {
		var err error
		if uid, gid, _, err = account.Find(o.user); err != nil {
			return fmt.Errorf("user %s: %w", o.user, err)
		}
	}
	var err error
	if x.listener, err = x.address.Listen(uid, gid); err != nil {
		return fmt.Errorf("%s: %w", x.option, err)
	}
	return nil
}

// holdAgain opens the files once more for a server that draws connections, where they can be read
// again and memory is not limited.
func (x *served) holdAgain(o *options) (err error) {
	if !x.on || o.isLive() || o.run.Anonymize != nil || o.memory != 0 || o.checkAgain(httpOption) != nil || allowance.Files(2*len(o.read)) != nil {
		return nil
	}
	files, err := capture.HoldAll(o.read)
	if err == nil {
		x.again = tcpwatch.Files(files...)
	}
	return err
}

// close closes what is open.
func (x *served) close() {
	if x.listener != nil {
		x.listener.Close()
	}
	if x.again != nil {
		x.again.Close()
	}
}

// newServer is the server of a run.
func (s *session) newServer(x *served) (*serve.Server, error) {
	t := s.tablesOn(io.Discard)
	t.Top, t.ASCII = cmp.Or(t.Top, pageRows), false
	if len(t.Reports) == 0 {
		t.Reports = report.ReportNames()
	}
	o := serve.Options{Listener: x.listener, Address: x.address, Tables: t, Live: s.o.isLive(), Size: s.in.Size(),
		Tell: s.tellLine}
	if s.o.isLive() {
		o.Input = s.in.Device()
	} else {
		o.Input = s.o.read[0]
		if n := len(s.o.read); n > 1 {
			o.Input += fmt.Sprintf(" and %d more", n-1)
		}
	}
	if x.address.Open() {
		o.Token = serve.NewToken()
	}
	if x.again != nil {
		o.Draw = s.drawAgain(x.again)
	}
	return serve.New(o)
}

// drawAgain reads files once more for an Output that draws a connection.
func (s *session) drawAgain(again *tcpwatch.Source) func(ctx context.Context, to record.Output) error {
	begun := false
	return func(ctx context.Context, to record.Output) error {
		if !begun {
			if err := again.Begin(); err != nil {
				return err
			}
			begun = true
		}
		defer again.Rewind()
		o := s.settings()
		o.Warn, o.Hidden, o.Counted = nil, nil, nil
		o.Sums = report.SummaryOptions{OnDemand: []string{}, Rows: -1}
		if o.Filter != nil {
			o.Filter = capture.NewFilter(s.o.filter, live.Compile)
		}
		_, err := tcpwatch.Run(ctx, again, o, to)
		return err
	}
}
