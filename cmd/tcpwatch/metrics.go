package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"tcpwatch"
	"tcpwatch/report/serve"
)

// tokenVariable is the environment's name for the token of --metrics: what scrapes has to know it
// before the run begins. leastToken bytes keep others from guessing it.
const (
	tokenVariable = "TCPWATCH_TOKEN"
	leastToken    = 16
)

// The environment's names for what a receiver of OTLP is sent besides: OpenTelemetry's.
const (
	headersVariable  = "OTEL_EXPORTER_OTLP_HEADERS"
	resourceVariable = "OTEL_RESOURCE_ATTRIBUTES"
)

// sent is what the command line says of --otlp, and the environment.
type sent struct {
	to       *url.URL // nil without
	headers  http.Header
	resource [][2]string
}

// take takes the URL of --otlp.
func (x *sent) take(text string) (err error) {
	x.to, err = serve.ParseReceiver(text)
	return err
}

// readEnvironment reads what the environment says of it.
func (x *sent) readEnvironment() error {
	if x.to == nil {
		return nil
	}
	headers, err := serve.ParsePairs(os.Getenv(headersVariable))
	if err != nil {
		return fmt.Errorf("%s: %w", headersVariable, err)
	}
	x.headers = make(http.Header)
	for _, h := range headers {
		x.headers.Set(h[0], h[1])
	}
	if x.resource, err = serve.ParsePairs(os.Getenv(resourceVariable)); err != nil {
		return fmt.Errorf("%s: %w", resourceVariable, err)
	}
	return nil
}

// checkMeasured refuses what the environment says wrongly.
func (o *options) checkMeasured() error { return errors.Join(o.checkToken(), o.otlp.readEnvironment()) }

// measured reports whether the run is measured.
func (o *options) measured() bool { return o.metrics.on || o.otlp.to != nil }

// checkToken refuses a token that can be guessed.
func (o *options) checkToken() error {
	if token := os.Getenv(tokenVariable); o.metrics.on && o.metrics.address.Open() && token != "" && len(token) < leastToken {
		return fmt.Errorf("%s has %d bytes: at least %d, or it can be guessed", tokenVariable, len(token), leastToken)
	}
	return nil
}

// measuring is what measures a run, and hands that on; nil what is not asked for.
type measuring struct {
	meter   *serve.Meter
	metrics *serve.Metrics
	otlp    *serve.OTLP
}

// measures are the Outputs that measure the run and hand that on.
func (s *session) measures() (all []tcpwatch.Output) {
	if !s.o.measured() {
		return nil
	}
	s.meter = serve.NewMeter(serve.MeterOptions{Top: s.o.tables.Top, Hold: s.o.metrics.on, Tell: s.tellLine, Version: tcpwatch.Version, Sinks: s.sent(),
		Cost: func() (int64, uint64) { c := cost(); return c.CPU, c.Memory }})
	all = append(all, s.meter)
	if s.o.otlp.to != nil {
		s.otlp = s.newOTLP()
		all = append(all, s.otlp)
	}
	if s.o.metrics.on {
		s.metrics = s.newMetrics()
		all = append(all, s.metrics)
	}
	return all
}

// newMetrics is the server of --metrics.
func (s *session) newMetrics() *serve.Metrics {
	o := serve.MetricsOptions{Listener: s.o.metrics.listener, Address: s.o.metrics.address, Meter: s.meter, Tell: s.tellLine}
	if o.Address.Open() {
		if o.Token = os.Getenv(tokenVariable); o.Token != "" {
			o.Known = true
		} else {
			o.Token = serve.NewToken()
		}
	}
	return serve.NewMetrics(o)
}

// newOTLP is what sends to the receiver of --otlp. No file is named to it, nor, anonymous, this host.
func (s *session) newOTLP() *serve.OTLP {
	x := &s.o.otlp
	o := serve.OTLPOptions{URL: x.to, Headers: x.headers, Resource: x.resource, Version: tcpwatch.Version, Live: s.o.isLive(), Records: s.records, Meter: s.meter,
		Memory: s.o.memory.Waiting(serve.MostWaiting)}
	o.Records.Transitions, o.Records.Files = false, nil
	o.Records.Unplaced = s.o.run.Place == "" && !s.o.isLive() // it would name a file
	if s.o.run.Anonymize != nil {
		o.Records.Interfaces = nil
	} else if name, err := os.Hostname(); err == nil {
		o.Resource = append([][2]string{{"host.name", name}}, o.Resource...)
	}
	return serve.NewOTLP(o)
}

// startMeasures begins to measure, to answer and to send.
func (s *session) startMeasures() {
	if s.meter != nil {
		s.meter.Start()
	}
	if s.metrics != nil {
		s.metrics.Start()
	}
	if s.otlp != nil {
		s.otlp.Start()
	}
}

// tellLine tells the user a line, on the screen where there is one.
func (s *session) tellLine(line string) {
	if s.ui == nil || !s.ui.Warn(line) {
		s.foot.Tell(s.stderr, toldLine(line))
	}
}
