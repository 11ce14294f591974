package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Input is a capture.
type Input struct {
	Name       string `json:"name"`
	Doc        string `json:"doc"`
	File       string `json:"-"`
	Packets    int    `json:"packets"`
	Conns      int    `json:"conns"`
	Bytes      int64  `json:"bytes"`
	Multiplied bool   `json:"multiplied"`
	Repeat     int    `json:"-"` // runs, times what a contender has
}

// Sample is one run of a command.
type Sample struct {
	Wall   time.Duration `json:"wall_ns"`
	CPU    time.Duration `json:"cpu_ns"`
	Memory int64         `json:"peak_bytes"`
}

// Why a run came to nothing.
var (
	errTime   = errors.New("ended at the time limit")
	errMemory = errors.New("ended for want of memory, at the limit")
)

// measure runs a command to its end, its output thrown away.
func measure(command []string, limit limits) (Sample, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit.time)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	begin := time.Now()
	err := cmd.Run()
	s := Sample{Wall: time.Since(begin)}
	if cmd.ProcessState == nil {
		return s, err
	}
	s.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.Memory = int64(usage.Maxrss)
		if runtime.GOOS == "linux" {
			s.Memory *= 1024
		}
	}
	switch {
	case ctx.Err() != nil:
		return s, errTime
	case err != nil && limit.memory > 0 && s.Memory > limit.memory/4*3:
		return s, errMemory
	case err != nil:
		return s, fmt.Errorf("%v: %w", command, err)
	}
	return s, nil
}

// floor is the peak memory that the kernel reports of a command that needs
// none: it is that of the process that started it.
func floor() int64 {
	s, err := measure([]string{"true"}, limits{time: time.Minute})
	if err != nil {
		return 0
	}
	return s.Memory
}

// longEnough is a run that need not be repeated: chance has little part in it.
const longEnough = 30 * time.Second

// race lets the contenders read an input in turn.
func race(in Input, contenders []contender, limit limits, progress io.Writer) (*Result, error) {
	fmt.Fprintf(progress, "measuring with %s\n", in.Name)
	if err := warm(in.File); err != nil {
		return nil, err
	}
	r := &Result{Input: in}
	turns := 0
	for _, c := range contenders {
		r.Lines = append(r.Lines, &Line{Name: c.Name, Command: c.with(in.File)})
		turns = max(turns, c.runs*in.Repeat)
	}
	for turn := range turns {
		for i, c := range contenders {
			l := r.Lines[i]
			slow := len(l.Samples) > 0 && l.Samples[len(l.Samples)-1].Wall > longEnough
			if turn >= c.runs*in.Repeat || l.Failed != "" || slow {
				continue
			}
			s, err := measure(l.Command, limit)
			if err != nil {
				l.Failed = err.Error()
				continue
			}
			l.Samples = append(l.Samples, s)
		}
	}
	if r.Lines[0].Failed != "" {
		return nil, fmt.Errorf("%s: %s", in.Name, r.Lines[0].Failed)
	}
	r.sum()
	return r, nil
}

// warm reads a file once.
func warm(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	// In small blocks: this program's own memory counts as its children's.
	_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, make([]byte, 1<<16))
	return err
}
