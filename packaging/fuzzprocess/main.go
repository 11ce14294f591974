// Fuzzprocess damages bundled captures and runs the whole of tcpwatch on each,
// under a limit of memory and time:
//
//	go run ./packaging/fuzzprocess [-files 600] [-seed 1] [-bin ./tcpwatch]
//
// Whatever is in a file, tcpwatch ends with status 0, or with status 2 and one
// line that says why; no panic; every line of JSON Lines is JSON, CSV is
// rectangular; and all of it is the same to the byte with one worker and with
// two. The same seed makes the same files. A file that is complained about is
// saved, and named. Exit status 1 when there was one.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"
)

type options struct {
	bin      string
	captures string
	keep     string
	files    int
	seed     uint64
	jobs     int
	memory   int64 // MB
	timeout  time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "./tcpwatch", "the program")
	flag.StringVar(&o.captures, "captures", "testdata/pcaps", "directory of the captures that are damaged")
	flag.StringVar(&o.keep, "keep", filepath.Join(os.TempDir(), "tcpwatch-fuzz"), "where files are saved that are complained about")
	flag.IntVar(&o.files, "files", 600, "how many files are made")
	flag.Uint64Var(&o.seed, "seed", 1, "of the damage")
	flag.IntVar(&o.jobs, "jobs", 2, "files at a time")
	flag.Int64Var(&o.memory, "memory", 200, "most memory of a run, MB")
	flag.DurationVar(&o.timeout, "timeout", 20*time.Second, "longest run")
	flag.Parse()
	bad, err := run(&o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "fuzzprocess:", err)
		os.Exit(2)
	}
	if bad > 0 {
		os.Exit(1)
	}
}

// run makes the files, runs the program on each, and returns how many are complained about.
func run(o *options) (bad int, err error) {
	originals, err := load(o.captures)
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "fuzzprocess")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	var (
		mu     sync.Mutex
		wait   sync.WaitGroup
		peak   int64
		slow   time.Duration
		status [3]int
		next   = make(chan int)
	)
	began := time.Now()
	for range max(1, o.jobs) {
		wait.Go(func() {
			for i := range next {
				file, made := damaged(originals, o.seed, i)
				path := filepath.Join(dir, fmt.Sprintf("%d-%d.pcap", o.seed, i))
				complaint, used := try(o, path, file)
				mu.Lock()
				peak, slow = max(peak, used.memory), max(slow, used.time)
				status[min(max(used.status, 0), 2)]++
				if complaint != "" {
					bad++
					saved, err := save(o.keep, path, file)
					fmt.Printf("file %d of seed %d (%s): %s\n  saved as %s\n", i, o.seed, made, complaint, saved)
					if err != nil {
						fmt.Println("  ", err)
					}
				}
				mu.Unlock()
			}
		})
	}
	for i := range o.files {
		next <- i
	}
	close(next)
	wait.Wait()
	fmt.Printf("%d files of seed %d: %d read, %d refused, %d complained about; at most %d MB and %.1f s; %.0f s in all\n",
		o.files, o.seed, status[0], status[2], bad, peak>>20, slow.Seconds(), time.Since(began).Seconds())
	return bad, nil
}

// damaged is file i of a seed, and what was done to which capture.
func damaged(originals []original, seed uint64, i int) (file []byte, made string) {
	rng := rand.New(rand.NewPCG(seed, uint64(i)))
	a, b := &originals[rng.IntN(len(originals))], &originals[rng.IntN(len(originals))]
	file, what := mutate(rng, a.bytes, b.bytes)
	return file, a.name + ": " + what
}

// save keeps a file that was complained about.
func save(dir, path string, file []byte) (name string, err error) {
	name = filepath.Join(dir, filepath.Base(path))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return name, err
	}
	return name, os.WriteFile(name, file, 0o644)
}
