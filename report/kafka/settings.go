package kafka

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Where settings come from: the file that FileVariable names, and variables of their own, which begin
// with Prefix: TCPWATCH_KAFKA_SASL_PASSWORD is sasl.password. A variable overrides the file.
const (
	Prefix       = "TCPWATCH_KAFKA_"
	FileVariable = Prefix + "CONFIG"
)

// Settings say how to speak to brokers: properties by name, as librdkafka and kcat have them.
type Settings map[string]string

// The properties that there are.
const (
	protocol    = "security.protocol" // of protocols
	authorities = "ssl.ca.location"
	certificate = "ssl.certificate.location"
	key         = "ssl.key.location"
	verified    = "enable.ssl.certificate.verification"
	mechanism   = "sasl.mechanism"
	username    = "sasl.username"
	password    = "sasl.password"
	client      = "client.id"
	idempotent  = "enable.idempotence"
)

// names are the properties that are known.
func names() []string {
	return []string{protocol, authorities, certificate, key, verified, mechanism, username, password, client, idempotent}
}

// protocols are the values of security.protocol: whether there is TLS, and whether SASL.
func protocols() map[string]struct{ tls, sasl bool } {
	return map[string]struct{ tls, sasl bool }{"plaintext": {}, "ssl": {tls: true}, "sasl_plaintext": {sasl: true}, "sasl_ssl": {tls: true, sasl: true}}
}

// mechanisms are the values of sasl.mechanism.
func mechanisms() []string { return []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} }

// ReadSettings reads what the environment says.
func ReadSettings(getenv func(name string) string) (Settings, error) {
	s := Settings{}
	if name := getenv(FileVariable); name != "" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", FileVariable, err)
		}
		defer f.Close()
		if err := s.read(f); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", FileVariable, name, err)
		}
	}
	for _, name := range names() {
		if value := getenv(Prefix + strings.ToUpper(strings.ReplaceAll(name, ".", "_"))); value != "" {
			s[name] = value
		}
	}
	return s, s.check()
}

// read reads a file of properties. What it says of other things than of security is for other
// programs; what it says of security is known here or refused, so that nothing is sent less secured
// than it asks for.
func (s Settings) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			return fmt.Errorf("line %d is no name=value", n) // it is not shown: it may be secret
		}
		name = strings.TrimSpace(name)
		if name == "sasl.mechanisms" { // librdkafka's older name
			name = mechanism
		}
		switch {
		case slices.Contains(names(), name):
			s[name] = strings.TrimSpace(value)
		case strings.HasPrefix(name, "ssl.") || strings.HasPrefix(name, "sasl.") || strings.HasPrefix(name, "security."):
			return fmt.Errorf("line %d: %s is not known here; known: %s", n, name, strings.Join(names(), ", "))
		}
	}
	return lines.Err()
}

// check refuses what makes no sense.
func (s Settings) check() error {
	p, ok := protocols()[strings.ToLower(s.protocol())]
	m := s[mechanism]
	switch {
	case !ok:
		return fmt.Errorf("%s=%s: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL", protocol, s[protocol])
	case s[mechanism] != "" && !slices.Contains(mechanisms(), m):
		return fmt.Errorf("%s=%s: %s", mechanism, m, strings.Join(mechanisms(), ", "))
	case p.sasl && m == "":
		return fmt.Errorf("%s=%s needs %s: %s", protocol, s[protocol], mechanism, strings.Join(mechanisms(), ", "))
	case p.sasl && (s[username] == "" || s[password] == ""):
		return fmt.Errorf("%s=%s needs %s and %s", mechanism, m, username, password)
	case !p.sasl && (m != "" || s[username] != "" || s[password] != ""):
		return fmt.Errorf("%s, %s and %s are for %s=SASL_SSL or SASL_PLAINTEXT", mechanism, username, password, protocol)
	case !p.tls && s[authorities]+s[certificate]+s[key] != "":
		return fmt.Errorf("%s and the like are for %s=SSL or SASL_SSL", authorities, protocol)
	case (s[certificate] == "") != (s[key] == ""):
		return fmt.Errorf("%s and %s go together", certificate, key)
	}
	for _, name := range []string{verified, idempotent} {
		if v := s[name]; v != "" && v != "true" && v != "false" {
			return fmt.Errorf("%s=%s: true or false", name, v)
		}
	}
	return nil
}

// protocol is the value of security.protocol.
func (s Settings) protocol() string {
	if s[protocol] == "" {
		return "plaintext"
	}
	return s[protocol]
}

// secured is the TLS of a connection, nil for none. It reads the files that the settings name.
func (s Settings) secured() (*tls.Config, error) {
	if !protocols()[strings.ToLower(s.protocol())].tls {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: s[verified] == "false"}
	if name := s[authorities]; name != "" {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", authorities, err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s: %s holds no certificate in PEM", authorities, name)
		}
	}
	if s[certificate] != "" {
		pair, err := tls.LoadX509KeyPair(s[certificate], s[key])
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", certificate, key, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// login is how the client says who it is; nil for not at all.
func (s Settings) login() sasl.Mechanism {
	if !protocols()[strings.ToLower(s.protocol())].sasl {
		return nil
	}
	switch s[mechanism] {
	case "SCRAM-SHA-256":
		return scram.Auth{User: s[username], Pass: s[password]}.AsSha256Mechanism()
	case "SCRAM-SHA-512":
		return scram.Auth{User: s[username], Pass: s[password]}.AsSha512Mechanism()
	}
	return plain.Auth{User: s[username], Pass: s[password]}.AsMechanism()
}
