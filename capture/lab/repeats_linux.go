package lab

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Tracepoints that tell why the kernel sent again: each act with the functions
// that led to it, and the state of congestion control it happened in.
const (
	repeatPoint     = "events/tcp/tcp_retransmit_skb"
	congestionPoint = "events/tcp/tcp_cong_state_set"
)

// Congestion control states (linux/tcp.h, enum tcp_ca_state).
const caLoss = 4

// traced is a repeat, or a change of the congestion state, of one socket.
type traced struct {
	time          int64 // nanoseconds since 1970-01-01 UTC
	local, remote netip.AddrPort
	repeat        bool
	cause         string // of a repeat by its stack; "" by acknowledgments
	state         int    // of congestion control, when it is no repeat
}

// repeatTrace collects from the lines of trace_pipe.
type repeatTrace struct {
	all     []traced
	pending map[string]int // by processor: the repeat whose stack comes next
	stack   int            // the repeat whose stack is being read, -1 for none
}

// enableRepeats switches the tracepoints of an instance on. A kernel without
// them tells less, which is no error.
func enableRepeats(instance string) bool {
	for _, f := range [...]struct{ name, value string }{
		{repeatPoint + "/trigger", "stacktrace"}, {repeatPoint + "/enable", "1"}, {congestionPoint + "/enable", "1"},
	} {
		if os.WriteFile(filepath.Join(instance, f.name), []byte(f.value), 0) != nil {
			return false
		}
	}
	return true
}

// disableRepeats switches them off, so that the instance can be removed.
func disableRepeats(instance string) {
	for _, f := range [...]struct{ name, value string }{
		{repeatPoint + "/enable", "0"}, {repeatPoint + "/trigger", "!stacktrace"}, {congestionPoint + "/enable", "0"},
	} {
		os.WriteFile(filepath.Join(instance, f.name), []byte(f.value), 0)
	}
}

// take reads a line; offset is what the trace clock lacks.
func (r *repeatTrace) take(line string, offset int64) {
	if function, ok := strings.CutPrefix(line, " => "); ok {
		if r.stack >= 0 && r.all[r.stack].cause == "" {
			r.all[r.stack].cause = causeOf(strings.TrimSpace(function))
		}
		return
	}
	r.stack = -1
	cpu := processor(line)
	if strings.HasSuffix(strings.TrimSpace(line), "<stack trace>") {
		if i, ok := r.pending[cpu]; ok {
			r.stack = i
			delete(r.pending, cpu)
		}
		return
	}
	name, at, value, ok := parseEvent(line)
	if !ok || name != "tcp_retransmit_skb" && name != "tcp_cong_state_set" {
		return
	}
	e := traced{time: at + offset, repeat: name == "tcp_retransmit_skb"}
	var ok1, ok2 bool
	e.local, ok1 = tracedAddress(value["saddrv6"], value["sport"])
	e.remote, ok2 = tracedAddress(value["daddrv6"], value["dport"])
	if !ok1 || !ok2 {
		return
	}
	if e.repeat && value["err"] != "" && value["err"] != "0" {
		return // it did not leave
	}
	if e.repeat {
		r.pending[cpu] = len(r.all)
	} else {
		e.state, _ = strconv.Atoi(value["cong_state"])
	}
	r.all = append(r.all, e)
}

// causeOf is the cause that a function on the stack tells of, "" when it tells none.
func causeOf(function string) string {
	function, _, _ = strings.Cut(function, "+")
	switch function {
	case "tcp_send_loss_probe":
		return CauseTLP
	case "tcp_xmit_retransmit_queue", "tcp_xmit_retransmit_queue.part.0":
		return CauseFast // or CauseSlowStart, by the state
	case "tcp_retransmit_timer":
		return CauseRTO
	}
	return ""
}

// processor is the [CPU] of a line of trace_pipe.
func processor(line string) string {
	_, rest, _ := strings.Cut(line, " [")
	cpu, _, _ := strings.Cut(rest, "]")
	return cpu
}

// of returns the repeats of one socket between two times, in order.
func (r *repeatTrace) of(local, remote netip.AddrPort, from, to int64) []traced {
	var mine []traced
	for _, e := range r.all {
		if e.local == local && e.remote == remote && e.time >= from && e.time <= to {
			mine = append(mine, e)
		}
	}
	slices.SortStableFunc(mine, func(a, b traced) int { return int(a.time - b.time) })
	state := 0
	repeats := mine[:0]
	for _, e := range mine {
		switch {
		case !e.repeat:
			state = e.state
			continue
		case e.cause == "":
			e.cause = CauseUnknown
		case e.cause == CauseFast && state == caLoss:
			e.cause = CauseSlowStart
		}
		repeats = append(repeats, e)
	}
	return repeats
}

// repeatsOf returns the repeats of one socket. Everything traced so far has
// been read when between has returned.
func (t *tracer) repeatsOf(local, remote netip.AddrPort, from, to int64) []traced {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.repeats == nil {
		return nil
	}
	return t.repeats.of(local, remote, from, to)
}
