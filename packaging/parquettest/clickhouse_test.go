package parquettest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// clickhouse is a server of ClickHouse, asked by HTTP.
type clickhouse struct {
	t    *testing.T
	addr string
}

// newClickhouse starts one on a free port, which ends with the test.
func newClickhouse(t *testing.T) *clickhouse {
	t.Helper()
	program, err := exec.LookPath("clickhouse-server")
	if err != nil {
		t.Skip("Debian's clickhouse-server is missing")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(addr)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"config.xml": `<yandex><logger><level>warning</level><log>DIR/log</log><errorlog>DIR/errors</errorlog></logger><http_port>PORT</http_port>
			<listen_host>127.0.0.1</listen_host><path>DIR/data/</path><tmp_path>DIR/tmp/</tmp_path><users_config>users.xml</users_config>
			<default_profile>default</default_profile><default_database>default</default_database><mark_cache_size>100000000</mark_cache_size></yandex>`,
		"users.xml": `<yandex><profiles><default></default></profiles><quotas><default></default></quotas><users><default><password></password>
			<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users></yandex>`,
	} {
		text = strings.NewReplacer("DIR", dir, "PORT", port).Replace(text)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	c := exec.Command(program, "--config-file="+filepath.Join(dir, "config.xml"))
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	t.Cleanup(func() {
		c.Process.Kill()
		<-ended
	})
	for range 120 {
		if r, err := http.Get("http://" + addr + "/ping"); err == nil {
			r.Body.Close()
			return &clickhouse{t, addr}
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("clickhouse-server ended: %v: %s", err, &out)
		case <-time.After(250 * time.Millisecond):
		}
	}
	t.Fatalf("clickhouse-server does not answer: %s", &out)
	return nil
}

// ask asks a statement, with what it reads.
func (c *clickhouse) ask(sql string, body []byte) string {
	c.t.Helper()
	v := url.Values{"query": {sql}, "input_format_skip_unknown_fields": {"1"}, "input_format_import_nested_json": {"1"}, "output_format_json_quote_64bit_integers": {"0"}}
	r, err := http.Post("http://"+c.addr+"/?"+v.Encode(), "text/plain", bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		c.t.Fatalf("ClickHouse: %v: %s: %.300s\n%s", err, r.Status, text, sql)
	}
	return string(text)
}

// pairs are those that the statements of docs/sql find in the records of two places.
func (c *clickhouse) pairs(client, server string) (all []string) {
	c.t.Helper()
	sql, err := os.ReadFile("../../docs/sql/pairing-clickhouse.sql")
	if err != nil {
		c.t.Fatal(err)
	}
	text := regexp.MustCompile(`(?m)^--.*$`).ReplaceAllString(string(sql), "")
	statements := strings.Split(strings.TrimSuffix(strings.TrimSpace(strings.NewReplacer("CLIENT", "a", "SERVER", "b").Replace(text)), ";"), ";")
	c.ask("drop table if exists conns", nil)
	c.ask(statements[0], nil)
	for _, name := range [...]string{client, server} {
		b, err := os.ReadFile(name)
		if err != nil {
			c.t.Fatal(err)
		}
		var conns []byte
		for line := range bytes.Lines(b) {
			if bytes.HasPrefix(line, []byte(`{"type":"conn"`)) {
				conns = append(conns, line...)
			}
		}
		c.ask("insert into conns format JSONEachRow", conns)
	}
	last := ""
	for _, s := range statements[1:] {
		last = c.ask(s, nil)
	}
	for line := range strings.Lines(last) {
		var p struct {
			Rung string
			A    int    `json:"a_id"`
			B    int    `json:"b_id"`
			From string `json:"a_orig"`
			To   string `json:"b_resp"`
		}
		if err := json.Unmarshal([]byte(line), &p); err != nil || p.From == "" || p.To == "" {
			c.t.Fatalf("%v: %s", err, line)
		}
		all = append(all, fmt.Sprint(p.Rung, " ", p.A, " ", p.B))
	}
	return all
}

// ClickHouse pairs by initial sequence numbers what "tcpwatch pair" does, also where a box made one of them anew and where
// a number comes again at another time.
func TestPairingInClickHouse(t *testing.T) {
	const pcaps = "../../testdata/pcaps/"
	dir := t.TempDir()
	a, b := dir+"/a", dir+"/b"
	tcpwatch(t, "--version") // without the program the test is skipped
	server := newClickhouse(t)
	n := 0
	check := func(name string) (rungs map[string]int) {
		got, want := server.pairs(a, b), paired(t, a, b)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: ClickHouse pairs\n%v, we\n%v", name, got, want)
		}
		n += len(want)
		rungs = map[string]int{}
		for _, p := range got {
			rungs[strings.Fields(p)[0]]++
		}
		return rungs
	}
	for _, name := range []string{"close-by-server", "refused", "two-addresses-one-target", "only-syn-passes", "port-reused-early"} {
		tcpwatch(t, "-q", "--place", "a", "-o", "jsonl:"+a, pcaps+name+".pcap")
		tcpwatch(t, "-q", "--place", "b", "-o", "jsonl:"+b, pcaps+name+"-at-server.pcap")
		check(name)
	}
	if n < 5 {
		t.Errorf("%d pairs in all", n)
	}
	// The last once more: of every three connections one keeps both numbers, one the client's, one the server's; every ninth is an hour late.
	lines, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	var changed []byte
	k := 0
	for line := range strings.Lines(string(lines)) {
		if strings.HasPrefix(line, `{"type":"conn"`) {
			k++
			if k%3 > 0 {
				line = another(line, [...]string{"", "orig_isn", "resp_isn"}[k%3])
			}
			if k%9 == 8 {
				line = regexp.MustCompile(`"(start|end)":"([^"]*)"`).ReplaceAllStringFunc(line, func(s string) string {
					part := strings.Split(s, `"`)
					at, err := time.Parse(time.RFC3339Nano, part[3])
					if err != nil {
						t.Fatal(err)
					}
					part[3] = at.Add(time.Hour).Format(time.RFC3339Nano)
					return strings.Join(part, `"`)
				})
			}
		}
		changed = append(changed, line...)
	}
	if err := os.WriteFile(b, changed, 0o644); err != nil {
		t.Fatal(err)
	}
	if rungs := check("one number"); k != 20 || rungs["isns"] != 6 || rungs["isn"] != 12 { // of the seven with k % 3 = 2 the 8th and the 17th are late
		t.Errorf("%v of %d", rungs, k)
	}
}

// another is a line with another number under a name.
func another(line, name string) string {
	return regexp.MustCompile(`"`+name+`":\d+`).ReplaceAllStringFunc(line, func(s string) string {
		v, _ := strconv.ParseUint(s[len(name)+3:], 10, 32)
		return fmt.Sprintf(`"%s":%d`, name, uint32(v)+7)
	})
}
