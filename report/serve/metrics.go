package serve

import (
	"io"
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// MetricsOptions are those of Metrics.
type MetricsOptions struct {
	Listener net.Listener // open already
	Address  Address      // that it was opened for
	Token    string       // without which nobody is answered; "" for none
	Known    bool         // the user knows the token: it is not printed
	Meter    *Meter
	Tell     func(line string) // tells the user a line
}

// Metrics answers scrapes of Prometheus with what a Meter has measured: an Output, so that it ends
// with the run.
type Metrics struct {
	record.Base
	gate
	o    MetricsOptions
	http *http.Server
}

// NewMetrics returns Metrics; Start begins to answer.
func NewMetrics(o MetricsOptions) *Metrics {
	m := &Metrics{gate: gate{address: o.Address, listener: o.Listener, token: o.Token, session: NewToken()}, o: o}
	r := prometheus.NewRegistry()
	r.MustRegister(scraped{o.Meter})
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(r, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: writeWithin, ErrorLog: silent()}))
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, "tcpwatch: the metrics are at /metrics\n")
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, r, http.StatusNotFound, "there is nothing of that name: the metrics are at /metrics")
	})
	m.http = newHTTP(m.guard(mux))
	return m
}

// Start begins to answer, and tells where.
func (m *Metrics) Start() {
	at := m.address.url(m.listener) + "metrics"
	if m.address.path != "" {
		at = m.address.url(m.listener) + ", GET /metrics"
	}
	m.o.Tell("the metrics are at " + at)
	if m.token != "" {
		if !m.o.Known {
			m.o.Tell("their token is " + m.token + ": programs send it as Authorization: Bearer; TCPWATCH_TOKEN in the environment chooses another")
		}
		m.o.Tell("what is sent there is not encrypted")
	}
	go m.http.Serve(&bounded{Listener: m.listener, slots: make(chan struct{}, maxSockets)})
}

// Finish takes leave; see record.Output.
func (m *Metrics) Finish() error {
	endHTTP(m.http)
	return nil
}

// scraped hands Prometheus' client what was measured; see prometheus.Collector.
type scraped struct{ *Meter }

// Describe tells nothing: which series there are shows when they are counted.
func (scraped) Describe(chan<- *prometheus.Desc) {}

// Collect hands on all series.
func (s scraped) Collect(to chan<- prometheus.Metric) {
	for _, f := range s.families() {
		names := make([]string, len(f.labels))
		for i, l := range f.labels {
			names[i] = l.name
		}
		d := prometheus.NewDesc(f.name, f.help, names, nil)
		for _, x := range f.series {
			switch f.kind {
			case histogram:
				below, sum := make(map[float64]uint64, len(report.FeltBounds)), uint64(0)
				for i, bound := range report.FeltBounds {
					sum += x.classes[i]
					below[float64(bound)/1e9] = sum
				}
				to <- prometheus.MustNewConstHistogram(d, sum+x.classes[len(report.FeltBounds)], x.n, below, x.values...)
			case counter:
				to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, x.n, x.values...)
			default:
				to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, x.n, x.values...)
			}
		}
	}
}
