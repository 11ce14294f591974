package objects

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"syscall"

	"github.com/minio/minio-go/v7"

	"tcpwatch/internal/say"
	"tcpwatch/internal/store"
)

// errNoBucket is that there is no such bucket.
var errNoBucket = errors.New("no such bucket")

// denied reports whether an error is that who asks may not.
func denied(err error) bool { return minio.ToErrorResponse(err).Code == "AccessDenied" }

// deniedIn is the error that one may not, in the bucket of that name. It is fs.ErrPermission.
type deniedIn string

func (d deniedIn) Error() string {
	return fmt.Sprintf("access denied: the keys need s3:ListBucket and s3:GetObject to read, s3:PutObject and s3:AbortMultipartUpload to write, and s3:DeleteObject to replace a run, in %s", string(d))
}

// Is tells what it is; see errors.Is.
func (deniedIn) Is(err error) bool { return err == fs.ErrPermission }

// final reports whether an error stays what it is however often one asks.
func final(err error) bool {
	code := minio.ToErrorResponse(err).StatusCode
	return code >= 400 && code < 500
}

// refused reports whether an error is that a store does not take what it is sent, however often.
func refused(err error) bool {
	code := minio.ToErrorResponse(err).StatusCode
	return final(err) && code != http.StatusRequestTimeout && code != http.StatusTooManyRequests
}

// late is that a store did not answer, and what it said last. It is store.ErrUnanswered.
type late struct{ error }

// Is tells what it is; see errors.Is.
func (late) Is(err error) bool { return err == store.ErrUnanswered }

// plain is an error in a line, with the way out where there is one.
func (t *Target) plain(err error) error {
	var (
		unknown x509.UnknownAuthorityError
		header  tls.RecordHeaderError
		name    *net.DNSError
		call    *os.SyscallError
		wait    net.Error
	)
	a := minio.ToErrorResponse(err)
	switch a.Code {
	case "NoSuchBucket":
		return fmt.Errorf("%w %s", errNoBucket, t.bucket)
	case "NoSuchKey", "NotFound":
		return fs.ErrNotExist
	case "AccessDenied":
		return deniedIn(t.bucket)
	case "InvalidAccessKeyId":
		return errors.New("no such key: see AWS_ACCESS_KEY_ID, or ~/.aws/credentials")
	case "SignatureDoesNotMatch":
		return errors.New("the secret does not fit the key: see AWS_SECRET_ACCESS_KEY, or ~/.aws/credentials")
	case "RequestTimeTooSkewed":
		return errors.New("the clock of this host is off")
	case "AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException":
		return fmt.Errorf("the bucket is in another region: set AWS_REGION%s", orElse(a.Region))
	case "PreconditionFailed":
		return errors.New("it changed while it was read")
	}
	switch {
	case errors.As(err, &unknown):
		return errors.New("the certificate is signed by none whom this host trusts: AWS_CA_BUNDLE names who signed it")
	case errors.As(err, &header), errors.Is(err, http.ErrSchemeMismatch):
		return errors.New("it speaks no TLS there: write s3+http://")
	case errors.As(err, &name) && name.IsNotFound:
		return fmt.Errorf("%s: no such host", t.endpoint.Hostname())
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s: connection refused", t.endpoint.Host)
	case errors.As(err, &call):
		return fmt.Errorf("%s: %w", t.endpoint.Host, call.Err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.As(err, &wait) && wait.Timeout():
		return fmt.Errorf("%s does not answer", t.endpoint.Host)
	case a.Code != "" && a.Message != "":
		return fmt.Errorf("%s (%s)", say.Escape(a.Message), say.Escape(a.Code))
	}
	return errors.New(say.Escape(err.Error()))
}

// orElse is a region, where it was told.
func orElse(region string) string {
	if region == "" {
		return ""
	}
	return " to " + say.Escape(region)
}
