package objectstest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// bucket is that of the tests.
const bucket = "captures"

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

// objects is a store that runs; while it is dead it answers nothing but errors.
type objects struct {
	*httptest.Server
	kept *s3mem.Backend
	dead atomic.Bool
}

func newObjects(t *testing.T) *objects {
	t.Helper()
	x := &objects{kept: s3mem.New()}
	if err := x.kept.CreateBucket(bucket); err != nil {
		t.Fatal(err)
	}
	inner := gofakes3.New(x.kept).Server()
	x.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if x.dead.Load() && r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(x.Close)
	return x
}

// url is that of a prefix in the bucket.
func (x *objects) url(prefix string) string { return "s3+" + x.URL + "/" + bucket + "/" + prefix }

// names are all objects, with what they hold.
func (x *objects) all(t *testing.T, prefix string) map[string]string {
	t.Helper()
	list, err := x.kept.ListBucket(bucket, nil, gofakes3.ListBucketPage{})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, c := range list.Contents {
		o, err := x.kept.GetObject(bucket, c.Key, nil)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		b.ReadFrom(o.Contents)
		o.Contents.Close()
		if name, ok := strings.CutPrefix(c.Key, prefix+"/"); ok {
			all[name] = b.String()
		}
	}
	return all
}

// onDisk are the files of a folder, with what they hold.
func onDisk(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		all[rel] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// ran is what a run of the program said.
type ran struct {
	stdout, stderr string
	status         int
}

// keys are what the store is told of who asks.
func keys() []string {
	return []string{"AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=much-secret", "AWS_REGION=eu-west-1"}
}

// run runs the program, with variables in its environment.
func run(t *testing.T, env []string, args ...string) ran {
	t.Helper()
	c := exec.Command(tcpwatch(t), args...)
	c.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ran{out.String(), errs.String(), c.ProcessState.ExitCode()}
}

// An archive in a bucket is that in a folder, file by file and byte for byte, and reports of it are the same,
// by an endpoint in the URL or in the environment, with keys of the environment or of a file that only root reads.
func TestArchive(t *testing.T) {
	x := newObjects(t)
	dir := filepath.Join(t.TempDir(), "kept")
	captures := []string{pcap("aborts-many.pcap"), pcap("zero-window.pcap"), pcap("close-by-client.pcap")}
	for _, to := range []string{dir, x.url("pre/fix")} {
		if r := run(t, keys(), append(slices.Clone(captures), "--place", "edge 1", "-o", "parquet:"+to, "-Z", "root")...); r.status != 0 || r.stderr != "" {
			t.Fatal(to, r)
		}
	}
	disk, kept := onDisk(t, dir), x.all(t, "pre/fix")
	if len(disk) < 4 {
		t.Fatal(disk)
	}
	for name, text := range disk {
		if kept[name] != text {
			t.Errorf("%s has %d bytes in the bucket, %d on disk", name, len(kept[name]), len(text))
		}
	}
	if len(kept) != len(disk) {
		t.Errorf("%d objects, %d files", len(kept), len(disk))
	}
	home := t.TempDir()
	os.Mkdir(filepath.Join(home, ".aws"), 0o700)
	os.WriteFile(filepath.Join(home, ".aws", "credentials"), []byte("[default]\naws_access_key_id=key\naws_secret_access_key=much-secret\n"), 0o600)
	byFile := []string{"HOME=" + home, "AWS_ENDPOINT_URL=" + x.URL, "AWS_REGION=eu-west-1"}
	for _, args := range [][]string{nil, {"--report", "all"}, {"-o", "jsonl"}, {"--where", "close.kind == 'reset'", "--report", "connections"}} {
		want := run(t, nil, append([]string{"report", dir}, args...)...)
		for _, got := range []ran{
			run(t, keys(), append([]string{"report", x.url("pre/fix")}, args...)...),
			run(t, byFile, append([]string{"report", "s3://" + bucket + "/pre/fix"}, args...)...),
		} {
			if want.status != 0 || got.status != 0 || got.stdout != want.stdout || got.stderr != strings.ReplaceAll(want.stderr, dir, x.url("pre/fix")) {
				t.Errorf("%v: %d bytes, not %d; %s%s", args, len(got.stdout), len(want.stdout), got.stderr, want.stderr)
			}
		}
	}
	part := ""
	for name := range disk {
		if strings.HasPrefix(name, "v=1/") {
			part = name
		}
	}
	if want, got := run(t, nil, "report", filepath.Join(dir, part)), run(t, keys(), "report", x.url("pre/fix/"+part)); got.status != 0 || got.stdout != want.stdout {
		t.Error(part, want, got)
	}
}

// many is a capture of so many SYNs of connections that nobody answered.
func many(t *testing.T, n int) string {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	b = binary.LittleEndian.AppendUint32(b, 4<<16|2)
	b = append(b, make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint32(b, 65535)
	b = binary.LittleEndian.AppendUint32(b, 101) // raw IP
	for i := range n {
		b = binary.LittleEndian.AppendUint32(b, uint32(1_800_000_000+i/500))
		b = binary.LittleEndian.AppendUint32(b, uint32(i%500*2000+r.IntN(2000)))
		b = binary.LittleEndian.AppendUint32(b, 40)
		b = binary.LittleEndian.AppendUint32(b, 40)
		b = append(b, 0x45, 0, 0, 40, byte(r.Uint32()), byte(r.Uint32()), 0x40, 0, 64, 6, 0, 0, 10, byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), 192, 0, 2, byte(r.Uint32()))
		b = binary.BigEndian.AppendUint16(b, uint16(1024+r.IntN(60000)))
		b = binary.BigEndian.AppendUint16(b, 443)
		b = binary.BigEndian.AppendUint32(b, r.Uint32())
		b = append(b, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0)
	}
	name := filepath.Join(t.TempDir(), "many.pcap")
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// A part that is sent in several is the file that it is on disk, and read as that.
func TestLarge(t *testing.T) {
	x := newObjects(t)
	dir := filepath.Join(t.TempDir(), "kept")
	capture := many(t, 120_000)
	for _, to := range []string{dir, x.url("large")} {
		if r := run(t, keys(), "-q", capture, "-o", "parquet:"+to, "-Z", "root"); r.status != 0 || r.stderr != "" {
			t.Fatal(to, r)
		}
	}
	kept, most := x.all(t, "large"), 0
	for name, text := range onDisk(t, dir) {
		if most = max(most, len(text)); kept[name] != text {
			t.Errorf("%s has %d bytes in the bucket, %d on disk", name, len(kept[name]), len(text))
		}
	}
	if most < 6<<20 {
		t.Errorf("%d bytes at most: none was sent in parts", most)
	}
	if want, got := run(t, nil, "report", dir), run(t, keys(), "report", x.url("large")); got.status != 0 || got.stdout != want.stdout {
		t.Error(want, got)
	}
}

// Two places are paired from a bucket as from folders.
func TestPair(t *testing.T) {
	x := newObjects(t)
	dir := t.TempDir()
	var disk, kept []string
	for _, place := range []string{"abort-linger-0", "abort-linger-0-at-server"} {
		if _, err := os.Stat(pcap(place + ".pcap")); err != nil {
			t.Skip(err)
		}
		for to, list := range map[string]*[]string{filepath.Join(dir, place): &disk, x.url(place): &kept} {
			if r := run(t, keys(), pcap(place+".pcap"), "--place", place, "-o", "parquet:"+to); r.status != 0 {
				t.Fatal(r)
			}
			*list = append(*list, to)
		}
	}
	want := run(t, nil, "pair", disk[0], "--", disk[1])
	if got := run(t, keys(), "pair", kept[0], "--", kept[1]); got.status != 0 || want.status != 0 || got.stdout != want.stdout {
		t.Error(want, got)
	}
}

// What cannot be is told in one line, without the keys.
func TestRefused(t *testing.T) {
	x := newObjects(t)
	none := "s3+" + x.URL + "/none/x"
	for _, tt := range []struct {
		env  []string
		args []string
		want string
	}{
		{keys(), []string{pcap("refused.pcap"), "-o", "parquet:" + none}, "parquet:" + none + ": no such bucket none"},
		{keys(), []string{"report", none}, ": no such bucket none"},
		{keys(), []string{"report", x.url("empty")}, "no records in it"},
		{keys(), []string{pcap("refused.pcap"), "-o", "parquet:s3+http://127.0.0.1:1/captures"}, "127.0.0.1:1: connection refused"},
		{keys(), []string{"report", "s3+http://127.0.0.1:1/captures"}, "127.0.0.1:1: connection refused"},
		{keys(), []string{pcap("refused.pcap"), "-o", "parquet:s3://"}, "no bucket named"},
		{keys(), []string{"report", "s3://me:much-secret@b/x"}, "a bucket and a prefix alone"},
		{keys(), []string{x.url("x")}, "no captures but records: tcpwatch report reads them"},
		{[]string{"HOME=/nowhere", "AWS_PROFILE=none", "AWS_SHARED_CREDENTIALS_FILE=/nowhere/x"}, []string{"report", x.url("x")}, "keys: open /nowhere/x"},
	} {
		r := run(t, tt.env, tt.args...)
		if r.status != 2 || r.stdout != "" || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, tt.want) || strings.Contains(r.stderr, "much-secret") && !strings.Contains(tt.args[1], "much-secret") {
			t.Errorf("%v: %+v", tt.args, r)
		}
	}
}

// A store that takes nothing any more ends the run with an error, and nothing half written is seen.
func TestDead(t *testing.T) {
	x := newObjects(t)
	x.dead.Store(true)
	r := run(t, keys(), pcap("refused.pcap"), "-o", "parquet:"+x.url("p"))
	if r.status != 1 || !strings.Contains(r.stderr, "output: ") || strings.Count(r.stderr, "\n") != 1 || len(x.all(t, "p")) != 0 {
		t.Error(r, x.all(t, "p"))
	}
}

// A live capture writes to a bucket without privileges, and is reported of.
func TestLive(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("root captures")
	}
	x := newObjects(t)
	l := httptest.NewServer(http.NotFoundHandler())
	defer l.Close()
	port := l.URL[strings.LastIndex(l.URL, ":")+1:]
	c := exec.Command(tcpwatch(t), "-i", "lo", "-q", "--place", "here", "-o", "parquet:"+x.url("live"), "tcp", "port", port)
	c.Env = append(os.Environ(), keys()...)
	var errs bytes.Buffer
	c.Stderr = &errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Second)
	for range 20 {
		if a, err := http.Get(l.URL); err == nil {
			a.Body.Close()
		}
	}
	http.DefaultClient.CloseIdleConnections()
	time.Sleep(time.Second)
	c.Process.Signal(syscall.SIGINT)
	if err := c.Wait(); err != nil {
		t.Fatal(err, errs.String())
	}
	r := run(t, keys(), "report", x.url("live"))
	if r.status != 0 || !strings.Contains(r.stdout, fmt.Sprint("port ", port)) {
		t.Error(r, errs.String())
	}
}
