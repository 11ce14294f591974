package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// mapSets are the sets of captures that the examples of docs/map read, in a folder with the program.
func mapSets(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	exe, err := exec.LookPath("tcpwatch")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, filepath.Join(dir, "tcpwatch")); err != nil {
		t.Fatal(err)
	}
	for to, from := range map[string]string{"web/09": "refused", "web/10": "syn-lost", "db/09": "close-by-client"} {
		b, err := os.ReadFile(pcaps + from + ".pcap")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(dir, to), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, to, "a.pcap"), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "sets.txt"), []byte("web web/09\nweb web/10\ndb db/09\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// mapped runs a task for each set.
func mapped(t *testing.T, dir, script string, tasks ...string) {
	t.Helper()
	for _, task := range tasks {
		c := exec.Command("sh", "-c", script)
		c.Dir, c.Env = dir, append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), task)
		if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
			t.Fatalf("%s: %v: %s", task, err, out)
		}
	}
}

// checkMapped checks what the tasks wrote: all sets, once, though a task was run again.
func checkMapped(t *testing.T, archive string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := run([]string{"report", archive, "-o", "jsonl"}, &stdout, &stderr); status != exitDone || stderr.Len() > 0 {
		t.Fatalf("status %d: %s", status, &stderr)
	}
	places := map[string]int{}
	for line := range bytes.Lines(stdout.Bytes()) {
		var x struct{ Type, Place string }
		if err := json.Unmarshal(line, &x); err != nil {
			t.Fatal(err)
		}
		if x.Type == "conn" {
			places[x.Place]++
		}
	}
	if places["web"] != 2 || places["db"] != 1 || len(places) != 2 {
		t.Errorf("connections by place: %v", places)
	}
}

// The array of Slurm writes an archive of all sets.
func TestSlurmArray(t *testing.T) {
	dir := mapSets(t)
	mapped(t, dir, readPage(t, "docs/map/array.sh"), "SLURM_ARRAY_TASK_ID=1", "SLURM_ARRAY_TASK_ID=2", "SLURM_ARRAY_TASK_ID=3", "SLURM_ARRAY_TASK_ID=2")
	checkMapped(t, filepath.Join(dir, "archive"))
}

// The Indexed Job of Kubernetes is one, mounts what its command names, and its pods write an archive of
// all sets.
func TestIndexedJob(t *testing.T) {
	if exec.Command("python3", "-c", "import yaml").Run() != nil {
		t.Skip("python3 has no yaml")
	}
	c := exec.Command("python3", "-c", "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)")
	c.Stdin = strings.NewReader(readPage(t, "docs/map/job.yaml"))
	b, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	type named struct {
		Name, MountPath string
	}
	var job struct {
		Kind string
		Spec struct {
			CompletionMode           string
			Completions, Parallelism int
			Template                 struct {
				Spec struct {
					Containers []struct {
						Command, Args []string
						VolumeMounts  []named
					}
					Volumes []named
				}
			}
		}
	}
	if err := json.Unmarshal(b, &job); err != nil {
		t.Fatal(err)
	}
	pod := job.Spec.Template.Spec
	if job.Kind != "Job" || job.Spec.CompletionMode != "Indexed" || job.Spec.Completions != 3 || len(pod.Containers) != 1 || len(pod.Containers[0].Args) != 1 ||
		strings.Join(pod.Containers[0].Command, " ") != "/bin/sh -c" || len(pod.Volumes) != len(pod.Containers[0].VolumeMounts) {
		t.Fatalf("%+v", job)
	}
	dir := mapSets(t)
	script := pod.Containers[0].Args[0]
	at := map[string]string{"sets": dir, "captures": dir, "archive": filepath.Join(dir, "archive")}
	for i, m := range pod.Containers[0].VolumeMounts {
		used := regexp.MustCompile(`([ ":])` + m.MountPath + `\b`)
		if m.Name != pod.Volumes[i].Name || !used.MatchString(script) || at[m.Name] == "" {
			t.Errorf("%+v is not used, or no volume", m)
		}
		script = used.ReplaceAllString(script, "${1}"+at[m.Name])
	}
	mapped(t, dir, script, "JOB_COMPLETION_INDEX=0", "JOB_COMPLETION_INDEX=1", "JOB_COMPLETION_INDEX=2", "JOB_COMPLETION_INDEX=0")
	checkMapped(t, filepath.Join(dir, "archive"))
}
