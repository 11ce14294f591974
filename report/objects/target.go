package objects

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// The schemes of a URL: of Amazon, or the endpoint that the environment names, and of one that the URL
// names itself.
const (
	scheme       = "s3://"
	plainScheme  = "s3+http://"
	securedHTTPS = "s3+https://"
)

// amazon is where s3:// is without another endpoint.
const amazon = "https://s3.amazonaws.com"

// Is reports whether a name is the URL of a bucket.
func Is(name string) bool {
	return strings.HasPrefix(name, scheme) || strings.HasPrefix(name, plainScheme) || strings.HasPrefix(name, securedHTTPS)
}

// Target is a bucket, what in it, and how it is reached: all that was read of files, so that no more is,
// when the privileges are gone.
type Target struct {
	url       string
	endpoint  url.URL
	bucket    string
	prefix    string // of all keys, with a slash at its end; "" for none
	region    string // "" where it has to be asked for
	login     *credentials.Credentials
	transport *http.Transport
}

// Environment is what a Target is read from besides its URL.
type Environment struct {
	Getenv func(name string) string
	Home   string // folder of the user; "" for none
}

// NewTarget reads a URL: s3://BUCKET/PREFIX, or s3+https://HOST:PORT/BUCKET/PREFIX.
func NewTarget(name string, e Environment) (*Target, error) {
	t := &Target{url: strings.TrimRight(name, "/"), region: cmp.Or(e.Getenv("AWS_REGION"), e.Getenv("AWS_DEFAULT_REGION"))}
	rest, ofAmazon := strings.CutPrefix(name, scheme)
	endpoint := cmp.Or(e.Getenv("AWS_ENDPOINT_URL_S3"), e.Getenv("AWS_ENDPOINT_URL"), amazon)
	if !ofAmazon {
		kind, address, _ := strings.Cut(strings.TrimPrefix(name, "s3+"), "://")
		var host string
		host, rest, _ = strings.Cut(address, "/")
		endpoint = kind + "://" + host
	}
	if strings.ContainsAny(rest, "?#@") || strings.Contains(endpoint, "@") {
		return nil, errors.New("a bucket and a prefix alone: keys are read of the environment and of ~/.aws/credentials")
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("%s is no endpoint, as https://HOST:PORT is", endpoint)
	}
	t.endpoint = *u
	t.bucket, t.prefix, _ = strings.Cut(rest, "/")
	if t.bucket == "" {
		return nil, errors.New("no bucket named: s3://BUCKET/PREFIX, or s3+https://HOST:PORT/BUCKET/PREFIX")
	}
	if t.prefix = strings.Trim(t.prefix, "/"); t.prefix != "" {
		t.prefix += "/"
	}
	if t.transport, err = transportOf(e); err != nil {
		return nil, err
	}
	t.login, err = loginOf(e)
	return t, err
}

// In is the target of a folder in it.
func (t *Target) In(folder string) *Target {
	in := *t
	in.url, in.prefix = t.url+"/"+folder, t.prefix+folder+"/"
	return &in
}

// String is the URL.
func (t *Target) String() string { return t.url }

// transportOf is how requests are sent: as the environment says of proxies and of who signs certificates.
func transportOf(e Environment) (*http.Transport, error) {
	x := http.DefaultTransport.(*http.Transport).Clone()
	x.ResponseHeaderTimeout, x.MaxIdleConnsPerHost = answerWithin, 8
	x.DisableCompression = true // what is read is what is there
	if name := e.Getenv("AWS_CA_BUNDLE"); name != "" {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("AWS_CA_BUNDLE: %w", err)
		}
		x.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}
		if !x.TLSClientConfig.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("AWS_CA_BUNDLE: %s holds no certificate in PEM", name)
		}
	}
	return x, nil
}
