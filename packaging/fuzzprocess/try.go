package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"
)

// used is what a run took.
type used struct {
	status int
	memory int64 // bytes, at most
	time   time.Duration
}

// result is what a run gave.
type result struct {
	used
	out [4][]byte // JSON Lines, CSV, tables, standard error
}

var outputs = [...]string{"jsonl", "csv", "table", "standard error"}

// try runs the program on a file with one worker and with two, and says what is
// wrong with what came; "" for nothing.
func try(o *options, path string, file []byte) (complaint string, most used) {
	if err := os.WriteFile(path, file, 0o600); err != nil {
		return err.Error(), most
	}
	defer os.Remove(path)
	defer os.Remove(path + ".out")
	var all [2]result
	for i := range all {
		r, err := outputsOf(o, path, i+1)
		if most.memory, most.time, most.status = max(most.memory, r.memory), max(most.time, r.time), r.status; err != nil {
			return fmt.Sprintf("-j %d: %v", i+1, err), most
		}
		if wrong := r.wrong(o); wrong != "" {
			return fmt.Sprintf("-j %d: %s", i+1, wrong), most
		}
		all[i] = r
	}
	if a, b := &all[0], &all[1]; a.status != b.status {
		return fmt.Sprintf("status %d with -j 1, %d with -j 2", a.status, b.status), most
	}
	for i, name := range outputs {
		if !bytes.Equal(all[0].out[i], all[1].out[i]) {
			return fmt.Sprintf("%s differs between -j 1 and -j 2", name), most
		}
	}
	for _, args := range besides {
		r, err := start(o, append([]string{"-n", "-r", path}, with(args, path, firstID(all[0].out[0]))...))
		if most.memory, most.time = max(most.memory, r.memory), max(most.time, r.time); err != nil {
			return fmt.Sprintf("%q: %v", args, err), most
		}
		if wrong := r.badEnd(o); wrong != "" {
			return fmt.Sprintf("%q: %s", args, wrong), most
		}
		if all[0].status == 2 {
			break // it is refused whatever is wanted of it
		}
	}
	return "", most
}

// besides are other things to ask for, of which only the end is looked at. FILE
// is the file itself, ID its first connection.
var besides = [...][]string{
	{"--why", "ID"},
	{"--follow", "ID"},
	{"-r", "FILE", "--interval", "10s", "-o", "jsonl:/dev/null", "--max-conns", "256", "-w", "FILE.out"},
	{"--extract", "FILE.out", "--where", "orig.packets > 3", "-o", "csv:/dev/null"},
}

// with puts the file's name and a connection's number into arguments.
func with(args []string, path, id string) (all []string) {
	r := strings.NewReplacer("FILE", path, "ID", id)
	for _, a := range args {
		all = append(all, r.Replace(a))
	}
	return all
}

// firstID is the number of the first connection in JSON Lines, "1" without any.
func firstID(lines []byte) string {
	var first struct {
		ID uint64 `json:"id"`
	}
	line, _, _ := bytes.Cut(lines, []byte("\n"))
	if json.Unmarshal(line, &first) != nil || first.ID == 0 {
		return "1"
	}
	return fmt.Sprint(first.ID)
}

// addressSpace is what a run may map, in kB: most of it a Go program never
// touches, so that it only stops what runs away.
const addressSpace = 4 << 20

// outputsOf runs the program on a file and takes in every format.
func outputsOf(o *options, path string, jobs int) (result, error) {
	args := []string{"-n", "-r", path, "-j", fmt.Sprint(jobs), "--transitions"}
	for _, format := range outputs[:3] {
		args = append(args, "-o", format+":"+path+"."+format)
		defer os.Remove(path + "." + format)
	}
	r, err := start(o, args)
	for i, format := range outputs[:3] {
		if err == nil && r.status == 0 {
			r.out[i], err = os.ReadFile(path + "." + format)
		}
	}
	return r, err
}

// start runs the program once.
func start(o *options, args []string) (r result, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), o.timeout)
	defer cancel()
	limited := fmt.Sprintf(`ulimit -v %d; exec "$@"`, addressSpace)
	c := exec.CommandContext(ctx, "sh", append([]string{"-c", limited, "sh", o.bin}, args...)...)
	var said bytes.Buffer
	c.Stderr = &said
	began := time.Now()
	err = c.Run()
	r.time = time.Since(began)
	if c.ProcessState == nil {
		return r, err
	}
	if u, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.memory = u.Maxrss << 10
	}
	r.status, r.out[3] = c.ProcessState.ExitCode(), said.Bytes()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return r, fmt.Errorf("no end after %v", o.timeout)
	case err != nil && !errors.As(err, &exit):
		return r, err
	}
	return r, nil
}

// badEnd says what is wrong with how a run ended; "" for nothing.
func (r *result) badEnd(o *options) string {
	said := strings.TrimSpace(string(r.out[3]))
	switch {
	case strings.Contains(said, "panic") || strings.Contains(said, "goroutine ") || strings.Contains(said, "fatal error"):
		return fmt.Sprintf("status %d: %.2000s", r.status, said)
	case r.status != 0 && r.status != 2:
		return fmt.Sprintf("status %d: %.300s", r.status, said)
	case r.status == 2 && reasons(said) != 1:
		return fmt.Sprintf("status 2 and not one line that says why: %.300q", said)
	case r.memory > o.memory<<20:
		return fmt.Sprintf("%d MB of memory, more than %d", r.memory>>20, o.memory)
	}
	return ""
}

// reasons counts the lines that say why a run ended; that a file is damaged
// further on is said apart.
func reasons(said string) (n int) {
	for line := range strings.Lines(said) {
		if !strings.Contains(line, ": damaged at packet ") {
			n++
		}
	}
	return n
}

// wrong says what is wrong with what a run gave; "" for nothing.
func (r *result) wrong(o *options) string {
	if bad := r.badEnd(o); bad != "" || r.status == 2 {
		return bad
	}
	if err := strictLines(r.out[0]); err != nil {
		return "JSON Lines: " + err.Error()
	}
	c := csv.NewReader(bytes.NewReader(r.out[1]))
	if all, err := c.ReadAll(); err != nil {
		return "CSV: " + err.Error()
	} else if len(all) == 0 {
		return "CSV without a header"
	}
	for i, b := range r.out {
		if !utf8.Valid(b) {
			return outputs[i] + " is not UTF-8"
		}
		if i > 1 && bytes.ContainsFunc(b, func(c rune) bool { return c < ' ' && c != '\n' || c >= 0x7f && c < 0xa0 }) {
			return outputs[i] + " holds control characters"
		}
	}
	return ""
}

// strictLines: every line is one JSON object with a type and no key twice, the
// last one the statistics.
func strictLines(b []byte) error {
	last := ""
	for n, line := range bytes.Split(bytes.TrimSuffix(b, []byte("\n")), []byte("\n")) {
		d := json.NewDecoder(bytes.NewReader(line))
		kind, err := object(d)
		if err == nil {
			if _, err = d.Token(); err == io.EOF {
				err = nil
			} else if err == nil {
				err = errors.New("more than one value")
			}
		}
		if err == nil && kind == "" {
			err = errors.New("no type")
		}
		if err != nil {
			return fmt.Errorf("line %d: %w: %.200s", n+1, err, line)
		}
		last = kind
	}
	if last != "stats" {
		return fmt.Errorf("the last line is %q, not the statistics", last)
	}
	return nil
}

// object reads one object and gives its "type".
func object(d *json.Decoder) (kind string, err error) {
	t, err := d.Token()
	if err != nil {
		return "", err
	}
	if t != json.Delim('{') {
		return "", fmt.Errorf("%v where an object begins", t)
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return "", err
		}
		key := t.(string)
		if seen[key] {
			return "", fmt.Errorf("key %q twice", key)
		}
		seen[key] = true
		v, err := value(d)
		if err != nil {
			return "", err
		}
		if key == "type" {
			kind, _ = v.(string)
		}
	}
	_, err = d.Token()
	return kind, err
}

// value reads one value; what is in objects and arrays is looked at, not given.
func value(d *json.Decoder) (any, error) {
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return nil, err
	}
	inner := json.NewDecoder(bytes.NewReader(raw))
	switch raw[0] {
	case '{':
		_, err := object(inner)
		return nil, err
	case '[':
		if _, err := inner.Token(); err != nil {
			return nil, err
		}
		for inner.More() {
			if _, err := value(inner); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
	var v any
	err := json.Unmarshal(raw, &v)
	return v, err
}
