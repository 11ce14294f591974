package objects

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// fake is a store with one bucket, that speaks as much of the protocol as is needed here.
type fake struct {
	*httptest.Server
	mu      sync.Mutex
	objects map[string][]byte
	uploads map[string]map[int][]byte // by "key id"
	asked   []string                  // "GET key", "PART key", ...
	// refuse answers a request in place of the store; nil never does.
	refuse func(what, key string, w http.ResponseWriter) bool
}

// bucketName is its bucket.
const bucketName = "captures"

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{objects: map[string][]byte{}, uploads: map[string]map[int][]byte{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

// open opens it.
func (f *fake) open(t *testing.T, o Options, prefix string) *Bucket {
	t.Helper()
	b, err := f.target(t, prefix).Bucket(o)
	if err == nil {
		err = b.Check()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// target is the target of a prefix in it.
func (f *fake) target(t *testing.T, prefix string) *Target {
	t.Helper()
	x, err := NewTarget("s3+"+f.URL+"/"+bucketName+prefix, Environment{Getenv: variables("AWS_ACCESS_KEY_ID", "key", "AWS_SECRET_ACCESS_KEY", "secret", "AWS_REGION", "eu-west-1")})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// variables are an environment of names and values.
func variables(pairs ...string) func(name string) string {
	return func(name string) string {
		if i := slices.Index(pairs, name); i >= 0 && i%2 == 0 {
			return pairs[i+1]
		}
		return ""
	}
}

// refusal answers with an error of the protocol.
func refusal(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no</Message></Error>", code)
}

// bodyOf is what a request holds, also in signed pieces.
func bodyOf(r *http.Request) []byte {
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING") {
		b, _ := io.ReadAll(r.Body)
		return b
	}
	var all []byte
	in := bufio.NewReader(r.Body)
	for {
		head, err := in.ReadString('\n')
		size, _, _ := strings.Cut(head, ";")
		n, bad := strconv.ParseInt(strings.TrimSpace(size), 16, 64)
		if err != nil || bad != nil || n == 0 {
			return all
		}
		piece := make([]byte, n+2)
		if _, err := io.ReadFull(in, piece); err != nil {
			return nil
		}
		all = append(all, piece[:n]...)
	}
}

// etag tells contents apart; that of a large one costs little.
func etag(b []byte) string {
	return fmt.Sprintf(`"%x"`, md5.Sum(append(fmt.Append(nil, len(b)), b[:min(len(b), 1000)]...)))
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := bodyOf(r)
	f.mu.Lock()
	defer f.mu.Unlock()
	bucket, key, _ := strings.Cut(r.URL.Path[1:], "/")
	q := r.URL.Query()
	what := r.Method
	switch {
	case key == "" && q.Has("uploads"):
		what = "UPLOADS"
	case key == "":
		what = "LIST"
	case r.Method == http.MethodPost && q.Has("uploads"):
		what = "BEGIN"
	case r.Method == http.MethodPost:
		what = "COMPLETE"
	case q.Has("partNumber"):
		what = "PART"
	case r.Method == http.MethodDelete && q.Has("uploadId"):
		what = "ABORT"
	}
	f.asked = append(f.asked, what+" "+key)
	if f.refuse != nil && f.refuse(what, key, w) {
		return
	}
	if bucket != bucketName {
		refusal(w, http.StatusNotFound, "NoSuchBucket")
		return
	}
	upload := key + " " + q.Get("uploadId")
	switch what {
	case "LIST":
		f.list(w, q.Get("prefix"))
	case "UPLOADS":
		io.WriteString(w, "<ListMultipartUploadsResult>")
		for name := range f.uploads {
			if key, id, _ := strings.Cut(name, " "); strings.HasPrefix(key, q.Get("prefix")) {
				fmt.Fprintf(w, "<Upload><Key>%s</Key><UploadId>%s</UploadId></Upload>", key, id)
			}
		}
		io.WriteString(w, "</ListMultipartUploadsResult>")
	case "BEGIN":
		id := fmt.Sprint("u", len(f.asked))
		f.uploads[key+" "+id] = map[int][]byte{}
		fmt.Fprintf(w, "<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>", id)
	case "PART":
		n, _ := strconv.Atoi(q.Get("partNumber"))
		f.uploads[upload][n] = body
		w.Header().Set("ETag", etag(body))
	case "COMPLETE":
		var c struct {
			Part []struct{ PartNumber int }
		}
		xml.Unmarshal(body, &c)
		var all []byte
		for i, p := range c.Part {
			if p.PartNumber != i+1 || i+1 < len(c.Part) && len(f.uploads[upload][i+1]) < partBytes {
				refusal(w, http.StatusBadRequest, "EntityTooSmall")
				return
			}
			all = append(all, f.uploads[upload][p.PartNumber]...)
		}
		f.objects[key] = all
		delete(f.uploads, upload)
		fmt.Fprintf(w, "<CompleteMultipartUploadResult><Bucket>%s</Bucket><Key>%s</Key><ETag>x</ETag></CompleteMultipartUploadResult>", bucket, key)
	case "ABORT":
		delete(f.uploads, upload)
		w.WriteHeader(http.StatusNoContent)
	case http.MethodDelete:
		delete(f.objects, key)
		w.WriteHeader(http.StatusNoContent)
	case http.MethodPut:
		f.objects[key] = body
		w.Header().Set("ETag", etag(body))
	default:
		b, ok := f.objects[key]
		if !ok {
			refusal(w, http.StatusNotFound, "NoSuchKey")
			return
		}
		if match := r.Header.Get("If-Match"); match != "" && match != etag(b) {
			refusal(w, http.StatusPreconditionFailed, "PreconditionFailed")
			return
		}
		w.Header().Set("ETag", etag(b))
		w.Header().Set("Last-Modified", "Mon, 23 Nov 2026 16:47:13 GMT")
		from, to := 0, len(b)-1
		if k, _ := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); k == 2 {
			to = min(to, len(b)-1)
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(b)))
			w.Header().Set("Content-Length", fmt.Sprint(to-from+1))
			w.WriteHeader(http.StatusPartialContent)
		} else {
			w.Header().Set("Content-Length", fmt.Sprint(len(b)))
		}
		if r.Method == http.MethodGet {
			io.Copy(w, bytes.NewReader(b[from:to+1]))
		}
	}
}

func (f *fake) list(w http.ResponseWriter, prefix string) {
	var keys []string
	for key := range f.objects {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	io.WriteString(w, "<ListBucketResult>")
	for _, key := range keys {
		fmt.Fprintf(w, "<Contents><Key>%s</Key><Size>%d</Size><ETag>%s</ETag><LastModified>2026-11-23T16:47:13.000Z</LastModified></Contents>", key, len(f.objects[key]), etag(f.objects[key]))
	}
	io.WriteString(w, "</ListBucketResult>")
}

// count is how often something was asked for.
func (f *fake) count(what string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.asked {
		if strings.HasPrefix(a, what+" ") {
			n++
		}
	}
	return n
}
