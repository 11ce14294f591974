package kafka

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl"
)

// Target is where records go and how brokers are spoken to: all that was read of files, so that no
// more is, when the privileges are gone.
type Target struct {
	Address
	settings Settings
	tls      *tls.Config    // nil without
	login    sasl.Mechanism // nil without
}

// NewTarget is the target of an address, with what the environment says of it.
func NewTarget(text string, getenv func(name string) string) (*Target, error) {
	a, err := ParseAddress(text)
	if err != nil {
		return nil, err
	}
	t := &Target{Address: a}
	if t.settings, err = ReadSettings(getenv); err != nil {
		return nil, err
	}
	t.login = t.settings.login()
	t.tls, err = t.settings.secured()
	return t, err
}

// Limits of what brokers are given.
const (
	openWithin   = 5 * time.Second // to answer at the beginning
	lingerFor    = 50 * time.Millisecond
	dialWithin   = 5 * time.Second
	answerWithin = 10 * time.Second
)

// troubles remembers what is wrong with brokers. It is a hook of the client.
type troubles struct {
	t  *Target
	mu sync.Mutex
	by map[string]error // HOST:PORT, of those that did not connect
	// failed is told how many brokers did not.
	failed func(n int)
}

// OnBrokerConnect notes whether a broker connected; see kgo.HookBrokerConnect.
func (x *troubles) OnBrokerConnect(b kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	broker := net.JoinHostPort(b.Host, fmt.Sprint(b.Port))
	x.mu.Lock()
	defer x.mu.Unlock()
	if err == nil {
		delete(x.by, broker)
		return
	}
	if x.by == nil {
		x.by = map[string]error{}
	}
	x.by[broker] = err
	if x.failed != nil {
		x.failed(len(x.by))
	}
}

// onFailure sets who is told how many brokers did not connect; nil for nobody.
func (x *troubles) onFailure(failed func(n int)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.failed = failed
}

// text says what is wrong with one of the brokers; "" when all is well.
func (x *troubles) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	first := ""
	for broker := range x.by {
		if first == "" || broker < first {
			first = broker
		}
	}
	if first == "" {
		return ""
	}
	return first + ": " + x.t.plain(x.by[first])
}

// client is a client of the brokers, which has not connected yet.
func (t *Target) client(x *troubles, version string) (*kgo.Client, error) {
	o := []kgo.Opt{
		kgo.SeedBrokers(t.Brokers...), kgo.DefaultProduceTopicAlways(), kgo.DefaultProduceTopic(t.Topic), kgo.WithHooks(x), kgo.DisableClientMetrics(),
		kgo.ClientID(t.settings.clientID()), kgo.SoftwareNameAndVersion("tcpwatch", version), kgo.DialTimeout(dialWithin), kgo.RequestTimeoutOverhead(answerWithin),
		kgo.ProduceRequestTimeout(answerWithin), kgo.ProducerLinger(lingerFor), kgo.MaxBufferedRecords(1 << 30), // what waits the sink counts
		kgo.ProducerBatchCompression(kgo.ZstdCompression(), kgo.SnappyCompression(), kgo.NoCompression()),
	}
	if t.tls != nil {
		o = append(o, kgo.DialTLSConfig(t.tls))
	}
	if t.login != nil {
		o = append(o, kgo.SASL(t.login))
	}
	if t.settings[idempotent] == "false" {
		o = append(o, kgo.DisableIdempotentWrite())
	}
	return kgo.NewClient(o...)
}

// check asks the brokers for the topic, and those that lead its partitions whether they are there.
func (t *Target) check(client *kgo.Client, x *troubles) error {
	ctx, cancel := context.WithTimeout(context.Background(), openWithin)
	defer cancel()
	x.onFailure(func(n int) {
		if n >= len(t.Brokers) {
			cancel()
		}
	})
	q := kmsg.NewPtrMetadataRequest()
	q.AllowAutoTopicCreation = false
	topic := kmsg.NewMetadataRequestTopic()
	topic.Topic = &t.Topic
	q.Topics = append(q.Topics, topic)
	a, err := q.RequestWith(ctx, client)
	if err != nil {
		return t.unreached(x, err)
	}
	if len(a.Topics) != 1 {
		return fmt.Errorf("%s: the brokers do not tell of the topic", t.Address)
	}
	if err := kerr.ErrorForCode(a.Topics[0].ErrorCode); err != nil {
		return fmt.Errorf("%s: %s", t.Address, t.plain(err))
	}
	at := map[int32]string{}
	for _, b := range a.Brokers {
		at[b.NodeID] = net.JoinHostPort(b.Host, fmt.Sprint(b.Port))
	}
	x.onFailure(func(int) { cancel() })
	asked := map[int32]bool{}
	for _, p := range a.Topics[0].Partitions {
		if asked[p.Leader] || p.Leader < 0 { // one without a leader gets one
			continue
		}
		asked[p.Leader] = true
		if _, err := client.Broker(int(p.Leader)).RetriableRequest(ctx, kmsg.NewPtrApiVersionsRequest()); err != nil {
			return fmt.Errorf("%w (the brokers say that %s is one of them: it has to be reached from here)", t.unreached(x, err), at[p.Leader])
		}
	}
	x.onFailure(nil)
	return nil
}

// unreached is the error that no broker answers.
func (t *Target) unreached(x *troubles, err error) error {
	text := x.text()
	if text == "" {
		text = t.plain(err)
	}
	if strings.HasSuffix(text, unanswered) {
		text += fmt.Sprintf(" within %d s", openWithin/time.Second)
		if t.tls != nil {
			text += ": does it speak TLS there?"
		}
	}
	return fmt.Errorf("%s: %s", t.Address, text)
}

// clientID is what brokers and their quotas know the client by.
func (s Settings) clientID() string {
	if s[client] == "" {
		return "tcpwatch"
	}
	return s[client]
}
