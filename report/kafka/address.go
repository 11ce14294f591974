package kafka

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Address is where records go.
type Address struct {
	Brokers []string // HOST:PORT of those that are asked first; they know the others
	Topic   string
}

const (
	scheme      = "kafka:"
	defaultPort = "9092"
	mostOfTopic = 249 // Kafka's own limit, in bytes
)

// form is what an address looks like.
const form = "kafka://HOST:PORT[,HOST:PORT]/TOPIC"

// ParseAddress reads what stands behind "kafka:": //HOST:PORT,HOST:PORT/TOPIC.
func ParseAddress(text string) (a Address, err error) {
	rest, ok := strings.CutPrefix(text, "//")
	hosts, topic, named := strings.Cut(rest, "/")
	switch {
	case !ok || !named || hosts == "":
		return a, fmt.Errorf("write %s", form)
	case strings.Contains(hosts, "@"):
		return a, errors.New("no user or password here, where others can read it: put sasl.username and sasl.password into the file that " + FileVariable + " names")
	}
	for _, host := range strings.Split(hosts, ",") {
		broker, err := brokerOf(host)
		if err != nil {
			return a, err
		}
		a.Brokers = append(a.Brokers, broker)
	}
	a.Topic = topic
	return a, checkTopic(topic)
}

// brokerOf is a broker with its port.
func brokerOf(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil { // perhaps there is no port
		if host, port, err = net.SplitHostPort(text + ":" + defaultPort); err != nil {
			return "", fmt.Errorf("%s is no broker: write HOST:PORT, and an IPv6 address in brackets", text)
		}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || host == "" || strings.ContainsAny(host, " \t?#") {
		return "", fmt.Errorf("%s is no broker: write HOST:PORT", text)
	}
	return net.JoinHostPort(host, port), nil
}

// checkTopic refuses what Kafka refuses as the name of a topic.
func checkTopic(topic string) error {
	switch {
	case topic == "":
		return fmt.Errorf("no topic named: write %s", form)
	case topic == "." || topic == ".." || len(topic) > mostOfTopic || strings.IndexFunc(topic, illegal) >= 0:
		return fmt.Errorf("%s is no name of a topic: at most %d letters, digits, dots, _ and -", topic, mostOfTopic)
	}
	return nil
}

// illegal reports whether a topic's name may not have r.
func illegal(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r))
}

// String is the address as it is written.
func (a Address) String() string { return scheme + "//" + strings.Join(a.Brokers, ",") + "/" + a.Topic }
