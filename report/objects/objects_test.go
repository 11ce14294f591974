package objects

import (
	"bytes"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"tcpwatch/internal/store"
)

var _ store.Store = (*Bucket)(nil)

// noise is so many bytes that differ.
func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// write writes a file in pieces.
func write(t *testing.T, b store.Store, name string, text []byte) store.File {
	t.Helper()
	f, err := b.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for len(text) > 0 {
		n := min(len(text), 700_001)
		if _, err := f.Write(text[:n]); err != nil {
			t.Fatal(err)
		}
		text = text[n:]
	}
	return f
}

// read reads a file to its end.
func read(t *testing.T, b *Bucket, name string) []byte {
	t.Helper()
	o, err := b.Open(name)
	if err != nil {
		t.Fatal(name, err)
	}
	defer o.Close()
	all, err := io.ReadAll(io.NewSectionReader(o, 0, o.Size()))
	if err != nil {
		t.Fatal(name, err)
	}
	return all
}

// Files stand under their names when they are whole, small ones as one object, large ones of parts; live
// they do, too. What is read is what was written.
func TestWhole(t *testing.T) {
	for _, live := range []bool{false, true} {
		f := newFake(t)
		b := f.open(t, Options{Write: true}, "/edge/2026/")
		var to store.Store = b
		settle := func() {}
		if live {
			l := NewLive(b)
			to, settle = l, l.Settle
		}
		sizes := map[string]int{"v=1/empty": 0, "v=1/small": 1000, "v=1/part": partBytes, "stats/large": 2*partBytes + 12345}
		for name, n := range sizes {
			x := write(t, to, name, noise(n))
			if all, err := b.List(""); err != nil || len(all) > 0 && all[len(all)-1].Name == name && !all[len(all)-1].Unfinished {
				t.Fatal(name, all, err)
			}
			if err := x.Whole(); err != nil {
				t.Fatal(name, err)
			}
			settle()
			if got := read(t, b, name); !bytes.Equal(got, noise(n)) {
				t.Errorf("%s: %d bytes, not those %d that were written", name, len(got), n)
			}
			if err := b.Remove(name); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Open(name); !errors.Is(err, fs.ErrNotExist) {
				t.Error(name, err)
			}
			if err := write(t, to, name, noise(n)).Whole(); err != nil {
				t.Fatal(err)
			}
			settle()
		}
		f.objects[bucketName+"x"], f.objects["edge/2026x"], f.objects["edge/2026/v=1/"] = nil, nil, nil // not below it, and a folder
		all, err := b.List("")
		want := []store.Entry{{Name: "stats/large", Size: 2*partBytes + 12345}, {Name: "v=1/empty"}, {Name: "v=1/part", Size: partBytes}, {Name: "v=1/small", Size: 1000}}
		if err != nil || !reflect.DeepEqual(all, want) {
			t.Error(all, err)
		}
		if all, err := b.List("v=1"); err != nil || len(all) != 3 {
			t.Error(all, err)
		}
		if all, err := b.List("v"); err != nil || len(all) != 0 {
			t.Error(all, err)
		}
		if len(f.uploads) != 0 || f.objects["edge/2026/v=1/small"] == nil {
			t.Error(f.uploads)
		}
	}
}

// What is not whole is never seen, and nothing of it stays; until then it is an unfinished entry.
func TestUndo(t *testing.T) {
	f := newFake(t)
	b := f.open(t, Options{Write: true}, "")
	x := write(t, b, "a/b", noise(2*partBytes+1))
	if all, err := b.List(""); err != nil || len(all) != 1 || !all[0].Unfinished || all[0].Name != "a/b" {
		t.Error(all, err)
	}
	x.Undo()
	write(t, b, "a/c", noise(10)).Undo()
	if len(f.uploads)+len(f.objects) != 0 {
		t.Error(f.uploads, f.objects)
	}
	f.refuse = func(what, _ string, w http.ResponseWriter) bool {
		if what == "COMPLETE" {
			refusal(w, http.StatusForbidden, "AccessDenied")
		}
		return what == "COMPLETE"
	}
	if err := write(t, b, "a/b", noise(partBytes+1)).Whole(); err == nil || !strings.Contains(err.Error(), "access denied: the keys need") {
		t.Error(err)
	}
	if len(f.uploads)+len(f.objects) != 0 {
		t.Error(f.uploads, f.objects)
	}
}

// A store that fails now and then is asked again.
func TestRetries(t *testing.T) {
	f := newFake(t)
	b := f.open(t, Options{Write: true}, "")
	n := 0
	f.refuse = func(what, _ string, w http.ResponseWriter) bool {
		n++
		switch {
		case n%2 == 0:
			return false
		case what == http.MethodGet: // it breaks off
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(http.StatusPartialContent)
			w.Write([]byte("x"))
		default:
			refusal(w, http.StatusServiceUnavailable, "SlowDown")
		}
		return true
	}
	text := noise(partBytes + 1000)
	if err := write(t, b, "a", text).Whole(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, b, "a"); !bytes.Equal(got, text) {
		t.Error("other bytes")
	}
}

// Reads are as of a file, whatever their order; what is read is asked for in blocks, some at once where one
// reads on, and so many are kept at most.
func TestReadAt(t *testing.T) {
	f := newFake(t)
	text := noise(9*blockBytes + 4321)
	f.objects["x"] = text
	b := f.open(t, Options{Memory: 6 * blockBytes}, "")
	o, err := b.Open("x")
	if err != nil || o.Size() != int64(len(text)) {
		t.Fatal(err)
	}
	if err := iotest.TestReader(io.NewSectionReader(o, 8*blockBytes-10, 3000), text[8*blockBytes-10:8*blockBytes+2990]); err != nil {
		t.Error(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		from := r.IntN(len(text))
		got := make([]byte, r.IntN(3*blockBytes))
		n, err := o.ReadAt(got, int64(from))
		want := text[from:min(len(text), from+len(got))]
		if n != len(want) || !bytes.Equal(got[:n], want) || (err == io.EOF) != (n < len(got)) {
			t.Fatal(from, len(got), n, err)
		}
		if len(b.cache.blocks) > 6 {
			t.Fatalf("%d blocks are kept", len(b.cache.blocks))
		}
	}
	o.Close()
	if len(b.cache.blocks) != 0 {
		t.Error("blocks are kept of what is closed")
	}
	before := f.count(http.MethodGet)
	read(t, b, "x")
	if n := f.count(http.MethodGet) - before; n > 5 {
		t.Errorf("%d requests for 10 blocks, one after the other", n)
	}
	o, _ = b.Open("x")
	f.objects["x"] = noise(10 * blockBytes)
	if _, err := o.ReadAt(make([]byte, 10), 0); err == nil || err.Error() != "it changed while it was read" {
		t.Error(err)
	}
}

// URLs are a bucket and a prefix; where they lead the environment says, or they do.
func TestNewTarget(t *testing.T) {
	keys := []string{"AWS_ACCESS_KEY_ID", "key", "AWS_SECRET_ACCESS_KEY", "secret"}
	for _, tt := range []struct {
		url            string
		env            []string
		endpoint, want string // want: bucket and prefix
		wrong          string
	}{
		{"s3://b", nil, "https://s3.amazonaws.com", "b ", ""},
		{"s3://b/a/c/", nil, "https://s3.amazonaws.com", "b a/c/", ""},
		{"s3://b/a", []string{"AWS_ENDPOINT_URL", "http://minio:9000"}, "http://minio:9000", "b a/", ""},
		{"s3://b/a", []string{"AWS_ENDPOINT_URL", "http://minio:9000", "AWS_ENDPOINT_URL_S3", "https://other/"}, "https://other/", "b a/", ""},
		{"s3+http://h:9000/b/a", nil, "http://h:9000", "b a/", ""},
		{"s3+https://[::1]:9000/b", nil, "https://[::1]:9000", "b ", ""},
		{"s3://", nil, "", "", "no bucket named"},
		{"s3+http://h", nil, "", "", "no bucket named"},
		{"s3+http:///b", nil, "", "", "is no endpoint"},
		{"s3://b/a", []string{"AWS_ENDPOINT_URL", "minio:9000"}, "", "", "is no endpoint"},
		{"s3://key:secret@b/a", nil, "", "", "a bucket and a prefix alone"},
		{"s3+https://key:secret@h/b/a", nil, "", "", "a bucket and a prefix alone"},
		{"s3://b/a", []string{"AWS_CA_BUNDLE", "/no/such"}, "", "", "AWS_CA_BUNDLE: open /no/such"},
		{"s3://b/a", []string{"AWS_SHARED_CREDENTIALS_FILE", "/no/such", "AWS_ACCESS_KEY_ID", ""}, "", "", "keys: open /no/such"},
	} {
		if !Is(tt.url) {
			t.Error(tt.url)
		}
		x, err := NewTarget(tt.url, Environment{Getenv: variables(append(tt.env, keys...)...)})
		switch {
		case tt.wrong != "":
			if err == nil || !strings.Contains(err.Error(), tt.wrong) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v", tt.url, err)
			}
		case err != nil || x.endpoint.String() != tt.endpoint || x.bucket+" "+x.prefix != tt.want:
			t.Errorf("%s: %+v, %v", tt.url, x, err)
		}
	}
	for _, name := range []string{"a", "/a/s3", "s3", "C:/s3://"} {
		if Is(name) {
			t.Error(name)
		}
	}
}

// Keys are those of the environment, else those of the user's file and the profile that is asked for.
func TestLogin(t *testing.T) {
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := "# of tests\n[default]\ncredential_process = touch " + filepath.Join(home, "run") + "\naws_access_key_id = one\naws_secret_access_key = x\n[other]\naws_access_key_id = two\naws_secret_access_key = y\naws_session_token = z\n"
	if err := os.WriteFile(filepath.Join(home, ".aws", "credentials"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		env  []string
		want string
	}{
		{nil, "one x "},
		{[]string{"AWS_PROFILE", "other"}, "two y z"},
		{[]string{"AWS_ACCESS_KEY_ID", "three", "AWS_SECRET_ACCESS_KEY", "w", "AWS_SESSION_TOKEN", "v"}, "three w v"},
	} {
		login, err := loginOf(Environment{Getenv: variables(tt.env...), Home: home})
		if err != nil {
			t.Fatal(err)
		}
		v, err := login.GetWithContext(nil)
		if got := v.AccessKeyID + " " + v.SecretAccessKey + " " + v.SessionToken; err != nil || got != tt.want {
			t.Error(tt.env, got, err)
		}
	}
	if _, err := os.Stat(filepath.Join(home, "run")); err == nil {
		t.Error("a program that the file names was run")
	}
	if _, err := loginOf(Environment{Getenv: variables("AWS_PROFILE", "none"), Home: home}); err == nil || !strings.HasSuffix(err.Error(), "no keys of AWS_PROFILE=none") {
		t.Error(err)
	}
}

// By TLS who signed the certificate is looked at: whom AWS_CA_BUNDLE names, it too.
func TestTLS(t *testing.T) {
	f := newFake(t)
	s := httptest.NewTLSServer(f)
	defer s.Close()
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"AWS_ACCESS_KEY_ID", "key", "AWS_SECRET_ACCESS_KEY", "secret", "AWS_REGION", "eu-west-1", "AWS_ENDPOINT_URL", s.URL}
	x, err := NewTarget("s3://"+bucketName+"/a", Environment{Getenv: variables(env...)})
	if err != nil {
		t.Fatal(err)
	}
	if err := check(x, Options{Write: true}); err == nil || !strings.Contains(err.Error(), "AWS_CA_BUNDLE names who signed it") {
		t.Error(err)
	}
	if x, err = NewTarget("s3://"+bucketName+"/a", Environment{Getenv: variables(append(env, "AWS_CA_BUNDLE", bundle)...)}); err != nil {
		t.Fatal(err)
	}
	b, err := x.Bucket(Options{Write: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := write(t, b, "x", noise(partBytes+1)).Whole(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, b, "x"); !bytes.Equal(got, noise(partBytes+1)) {
		t.Error("other bytes")
	}
	plain, err := NewTarget("s3+https://"+f.Listener.Addr().String()+"/"+bucketName, Environment{Getenv: variables(env...)})
	if err != nil {
		t.Fatal(err)
	}
	if err := check(plain, Options{}); err == nil || !strings.Contains(err.Error(), "s3+http://") {
		t.Error(err)
	}
}

// check asks whether a target's bucket is there.
func check(x *Target, o Options) error {
	b, err := x.Bucket(o)
	if err != nil {
		return err
	}
	return b.Check()
}

// What is wrong is told in one line when the bucket is opened. Who may only write may write.
func TestRefused(t *testing.T) {
	f := newFake(t)
	for code, want := range map[string]string{
		"AccessDenied":                 "access denied: the keys need s3:ListBucket",
		"InvalidAccessKeyId":           "no such key: see AWS_ACCESS_KEY_ID",
		"SignatureDoesNotMatch":        "the secret does not fit the key",
		"RequestTimeTooSkewed":         "the clock of this host is off",
		"AuthorizationHeaderMalformed": "set AWS_REGION",
	} {
		f.refuse = func(_, _ string, w http.ResponseWriter) bool {
			refusal(w, http.StatusForbidden, code)
			return true
		}
		if err := check(f.target(t, "/x"), Options{}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", code, err)
		}
		if err := check(f.target(t, "/x"), Options{Write: true}); (err == nil) != (code == "AccessDenied") {
			t.Errorf("%s: %v", code, err)
		}
	}
	f.refuse = nil
	for url, want := range map[string]string{
		"s3+" + f.URL + "/other/x":         "no such bucket other",
		"s3+http://127.0.0.1:1/captures/x": "127.0.0.1:1: connection refused",
	} {
		x, err := NewTarget(url, Environment{Getenv: variables("AWS_ACCESS_KEY_ID", "key", "AWS_SECRET_ACCESS_KEY", "secret", "AWS_REGION", "eu-west-1")})
		if err != nil {
			t.Fatal(err)
		}
		if err := check(x, Options{Write: true}); err == nil || err.Error() != want {
			t.Errorf("%s: %v", url, err)
		}
	}
}
