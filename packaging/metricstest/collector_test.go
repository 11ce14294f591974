package metricstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/fileexporter"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/debugexporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/batchprocessor"
	"go.opentelemetry.io/collector/processor/memorylimiterprocessor"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// written is what the Collector's debug exporter wrote.
type written struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write takes some of it.
func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

// Sync does nothing; see zapcore.WriteSyncer.
func (w *written) Sync() error { return nil }

// String is all of it.
func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// collector is one that runs with this configuration until the test ends, or stop is called: what
// its log holds.
func collector(t *testing.T, config string) (log *written, stop func()) {
	t.Helper()
	w := &written{}
	settings := otelcol.CollectorSettings{
		BuildInfo: component.NewDefaultBuildInfo(),
		Factories: func() (otelcol.Factories, error) {
			f := otelcol.Factories{Telemetry: otelconftelemetry.NewFactory()}
			var all [3]error
			f.Receivers, all[0] = otelcol.MakeFactoryMap[receiver.Factory](otlpreceiver.NewFactory())
			f.Processors, all[1] = otelcol.MakeFactoryMap[processor.Factory](memorylimiterprocessor.NewFactory(), batchprocessor.NewFactory())
			f.Exporters, all[2] = otelcol.MakeFactoryMap[exporter.Factory](debugexporter.NewFactory(), fileexporter.NewFactory())
			return f, errors.Join(all[:]...)
		},
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{URIs: []string{config},
			ProviderFactories: []confmap.ProviderFactory{yamlprovider.NewFactory(), fileprovider.NewFactory(), envprovider.NewFactory()}}},
		LoggingOptions: []zap.Option{zap.WrapCore(func(zapcore.Core) zapcore.Core {
			return zapcore.NewCore(zapcore.NewConsoleEncoder(zap.NewProductionEncoderConfig()), w, zapcore.InfoLevel)
		})},
		DisableGracefulShutdown: true,
	}
	c, err := otelcol.NewCollector(settings)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Run(context.Background()) }()
	stop = sync.OnceFunc(func() {
		c.Shutdown()
		<-ended
	})
	t.Cleanup(stop)
	for end := time.Now().Add(time.Minute); c.GetState() != otelcol.StateRunning; time.Sleep(20 * time.Millisecond) {
		select {
		case err := <-ended:
			ended <- err
			t.Fatal(err)
		default:
		}
		if time.Now().After(end) {
			t.Fatal("the Collector does not start: ", w)
		}
	}
	return w, stop
}

// toTheLog is a configuration that writes all that comes to the log.
func toTheLog(address string) string {
	return fmt.Sprintf(`yaml:
receivers: {otlp: {protocols: {http: {endpoint: %q}}}}
exporters: {debug: {verbosity: detailed, use_internal_logger: true}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [otlp], exporters: [debug]}
    traces: {receivers: [otlp], exporters: [debug]}
    metrics: {receivers: [otlp], exporters: [debug]}
`, address)
}

// tcpwatch is the program to try.
func tcpwatch(t *testing.T) string {
	t.Helper()
	bin := os.Getenv("TCPWATCH")
	if bin == "" {
		t.Skip("TCPWATCH names no program to try: make test-all does")
	}
	return bin
}

// pcap is a bundled capture.
func pcap(name string) string { return filepath.Join("..", "..", "testdata", "pcaps", name) }

// A real Collector takes all that is sent: each record, the findings as events and spans with their
// phases, and the metrics; nothing is left out.
func TestCollector(t *testing.T) {
	bin := tcpwatch(t)
	address := free(t)
	got, _ := collector(t, toTheLog(address))
	c := exec.Command(bin, pcap("aborts-many.pcap"), pcap("zero-window.pcap"), "--otlp", "http://"+address, "-o", "jsonl")
	var errs bytes.Buffer
	c.Stderr = &errs
	lines, err := c.Output()
	if err != nil || strings.Contains(errs.String(), "--otlp") {
		t.Fatal(err, errs.String())
	}
	conns, findings := strings.Count(string(lines), `"type":"conn"`), strings.Count(string(lines), `"type":"finding"`)
	if conns < 10 || findings < 2 {
		t.Fatal(conns, findings)
	}
	text := got.String()
	for want, n := range map[string]int{"EventName: tcpwatch.connection": conns, "EventName: tcpwatch.finding": findings} {
		if k := strings.Count(text, want); k != n {
			t.Errorf("the Collector has %d of %s, JSON Lines have %d", k, want, n)
		}
	}
	for _, want := range []string{"-> service.name: Str(tcpwatch)", "-> source.address: Str(", "-> tcpwatch.open.felt_s: Double(", "Name           : zero-window",
		"Name           : established", "-> Name: system.network.connection.count", "-> Name: tcpwatch.handshake.duration", "-> Name: tcpwatch.finding.count"} {
		if !strings.Contains(text, want) {
			t.Errorf("the Collector has no %q", want)
		}
	}
	if strings.Contains(text, ".pcap") {
		t.Error("a file is named")
	}
}
