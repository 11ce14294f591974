package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// unanswered is the text of an error when time is over.
const unanswered = "it does not answer"

// plain is an error in a line, with the way out where there is one.
func (t *Target) plain(err error) string {
	var (
		header   tls.RecordHeaderError
		unknown  x509.UnknownAuthorityError
		first    *kgo.ErrFirstReadEOF
		name     *net.DNSError
		call     *os.SyscallError
		deadline interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &header):
		return "it speaks no TLS there: " + protocol + "=PLAINTEXT or SASL_PLAINTEXT, or another port"
	case errors.As(err, &unknown):
		return "its certificate is signed by none whom this host trusts: " + authorities + " names who signed it"
	case strings.Contains(err.Error(), "remote error: tls: "): // crypto/tls has no type for it
		_, alert, _ := strings.Cut(err.Error(), "remote error: tls: ")
		return "it refuses this client (" + alert + "): " + certificate + " and " + key + " say who it is"
	case errors.As(err, &first):
		return "it closed the connection at once: does it want TLS or a password? " + protocol + "=SSL, SASL_SSL or SASL_PLAINTEXT (" + FileVariable + ")"
	case errors.As(err, &name) && name.IsNotFound:
		return "no such host"
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return fmt.Sprintf("it refuses the user %s or the password (%s)", t.settings[username], t.settings[mechanism])
	case errors.Is(err, io.EOF) && t.login != nil:
		return fmt.Sprintf("it closed the connection, as if it refuses the user %s or the password (%s)", t.settings[username], t.settings[mechanism])
	case errors.Is(err, kerr.UnsupportedSaslMechanism):
		return "it does not take " + mechanism + "=" + t.settings[mechanism]
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		return "no such topic: make it first (kafka-topics.sh --create --topic " + t.Topic + ")"
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		return fmt.Sprintf("%s may not use the topic: it needs Describe and Write (kafka-acls.sh)", t.who())
	case errors.Is(err, kerr.ClusterAuthorizationFailed):
		return fmt.Sprintf("%s may not write so that nothing is doubled: grant IdempotentWrite, or %s=false", t.who(), idempotent)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused: no broker listens there, or a firewall refuses"
	case errors.As(err, &call):
		return call.Err.Error()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &deadline) && deadline.Timeout():
		return unanswered
	}
	return err.Error()
}

// who is whom the brokers know this client as.
func (t *Target) who() string {
	if t.settings[username] == "" {
		return "this client"
	}
	return t.settings[username]
}
