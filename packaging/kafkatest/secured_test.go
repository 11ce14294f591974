package kafkatest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// certified is a certificate of 127.0.0.1 that signs itself, and files of it and of its key.
func certified(t *testing.T) (pair tls.Certificate, certificate, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, &c, &c, secret.Public(), secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, b []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	certificate, key = write("broker.pem", "CERTIFICATE", der), write("broker.key", "PRIVATE KEY", private)
	if pair, err = tls.LoadX509KeyPair(certificate, key); err != nil {
		t.Fatal(err)
	}
	return pair, certificate, key
}

// Brokers that want TLS and a password get both, from a file as kcat has it or from the environment;
// what they refuse is told with its way out, and no password is shown.
func TestSecured(t *testing.T) {
	pair, ca, _ := certified(t)
	c, to := brokers(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}}), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "edge", "much-secret"), kfake.Superuser("PLAIN", "edge", "much-secret"))
	file := filepath.Join(t.TempDir(), "kafka.conf")
	text := "# as for kcat\nbootstrap.servers=elsewhere:9092\nsecurity.protocol=SASL_SSL\nsasl.mechanisms=SCRAM-SHA-512\nsasl.username=edge\nsasl.password = much-secret\nssl.ca.location=" + ca + "\ncompression.type=lz4\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	named := "TCPWATCH_KAFKA_CONFIG=" + file
	for _, tt := range []struct {
		name string
		env  []string
		want string // of the error; "" for none
	}{
		{"file", []string{named}, ""},
		{"plain", []string{named, "TCPWATCH_KAFKA_SASL_MECHANISM=PLAIN"}, ""},
		{"variables", []string{"TCPWATCH_KAFKA_SECURITY_PROTOCOL=SASL_SSL", "TCPWATCH_KAFKA_SASL_MECHANISM=SCRAM-SHA-512", "TCPWATCH_KAFKA_SASL_USERNAME=edge",
			"TCPWATCH_KAFKA_SASL_PASSWORD=much-secret", "TCPWATCH_KAFKA_SSL_CA_LOCATION=" + ca}, ""},
		{"password", []string{named, "TCPWATCH_KAFKA_SASL_PASSWORD=other-secret"}, "refuses the user edge or the password (SCRAM-SHA-512)"},
		{"plain password", []string{named, "TCPWATCH_KAFKA_SASL_MECHANISM=PLAIN", "TCPWATCH_KAFKA_SASL_PASSWORD=other-secret"}, "refuses the user edge or the password (PLAIN)"},
		{"mechanism", []string{named, "TCPWATCH_KAFKA_SASL_MECHANISM=SCRAM-SHA-256"}, "or the password (SCRAM-SHA-256)"},
		{"no TLS", nil, "security.protocol=SSL, SASL_SSL or SASL_PLAINTEXT (TCPWATCH_KAFKA_CONFIG)"},
		{"no SASL", []string{"TCPWATCH_KAFKA_SECURITY_PROTOCOL=SSL", "TCPWATCH_KAFKA_SSL_CA_LOCATION=" + ca}, "SASL"},
		{"authority", []string{"TCPWATCH_KAFKA_SECURITY_PROTOCOL=SSL"}, "its certificate is signed by none whom this host trusts: ssl.ca.location names who signed it"},
		{"no file", []string{named + "x"}, "no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := run(t, tt.env, pcap("refused.pcap"), "-o", to)
			if tt.want == "" {
				if r.status != 0 || r.stderr != "" {
					t.Fatal(r)
				}
				return
			}
			if r.status != 2 || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, tt.want) || strings.Contains(r.stderr, "secret") || r.took > 10*time.Second {
				t.Error(r)
			}
		})
	}
	took(t, c, 3*3, kgo.DialTLSConfig(&tls.Config{InsecureSkipVerify: true}), kgo.SASL(scram.Auth{User: "edge", Pass: "much-secret"}.AsSha512Mechanism()))
}

// Brokers that know clients by their certificates are shown one; those without TLS are not spoken to in it.
func TestCertificates(t *testing.T) {
	pair, ca, key := certified(t)
	pool := x509.NewCertPool()
	text, _ := os.ReadFile(ca)
	pool.AppendCertsFromPEM(text)
	_, to := brokers(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}))
	env := []string{"TCPWATCH_KAFKA_SECURITY_PROTOCOL=SSL", "TCPWATCH_KAFKA_SSL_CA_LOCATION=" + ca}
	if r := run(t, env, pcap("refused.pcap"), "-o", to); r.status != 2 || !strings.Contains(r.stderr, "ssl.certificate.location and ssl.key.location say who it is") {
		t.Error(r)
	}
	with := append(env, "TCPWATCH_KAFKA_SSL_CERTIFICATE_LOCATION="+ca, "TCPWATCH_KAFKA_SSL_KEY_LOCATION="+key)
	if r := run(t, with, pcap("refused.pcap"), "-o", to); r.status != 0 || r.stderr != "" {
		t.Error(r)
	}
	_, open := brokers(t)
	if r := run(t, env, pcap("refused.pcap"), "-o", open); r.status != 2 || !strings.Contains(r.stderr, "it does not answer within 5 s: does it speak TLS there?") {
		t.Error(r)
	}
}
