package lab

import (
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// account is what the kernel counted of one end.
type account struct {
	at            time.Time
	local, remote netip.AddrPort
	Counts
}

// Account keeps what the kernel counts of both ends at this moment.
func (s *Stage) Account(c, a *Sock) {
	for i, sock := range [...]*Sock{c, a} {
		local, remote, err := sock.addresses()
		s.try(err)
		info, err := unix.GetsockoptTCPInfo(sock.fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		s.try(err)
		counters, err := sock.host.counters()
		s.try(err)
		s.counts = append(s.counts, account{time.Now(), local, remote, Counts{
			End: [...]string{"orig", "resp"}[i], TCP: socketCounts(info), Namespace: counters,
		}})
	}
}

// counts puts accounts and the trace of repeats together.
func (l *Lab) counts(accounts []account, start time.Time) []Counts {
	var all []Counts
	for _, a := range accounts {
		a.Counts.At = a.at.Sub(start)
		if l.tracer != nil {
			for _, e := range l.tracer.repeatsOf(a.local, a.remote, start.UnixNano(), a.at.UnixNano()) {
				a.Repeats = append(a.Repeats, Repeat{At: time.Duration(e.time - start.UnixNano()), Cause: e.cause})
			}
		}
		all = append(all, a.Counts)
	}
	return all
}

// counters are those of both ends' namespaces.
func (s *Stage) counters() (map[string]map[string]int64, error) {
	all := map[string]map[string]int64{}
	for end, h := range map[string]*Host{"orig": s.Client, "resp": s.Server} {
		c, err := h.counters()
		if err != nil {
			return nil, err
		}
		all[end] = c
	}
	return all, nil
}

func socketCounts(t *unix.TCPInfo) SocketCounts {
	return SocketCounts{
		Options: t.Options, RTO: t.Rto, MSS: t.Snd_mss, RTT: t.Rtt, RTTVar: t.Rttvar, MinRTT: t.Min_rtt,
		TotalRetrans: t.Total_retrans, BytesRetrans: t.Bytes_retrans, BytesAcked: t.Bytes_acked,
		BytesReceived: t.Bytes_received, BytesSent: t.Bytes_sent, SegsOut: t.Segs_out, SegsIn: t.Segs_in,
		DataSegsOut: t.Data_segs_out, DataSegsIn: t.Data_segs_in, Delivered: t.Delivered,
		BusyTime: t.Busy_time, RwndLimited: t.Rwnd_limited, SndbufLimited: t.Sndbuf_limited,
		DSACKDups: t.Dsack_dups, ReordSeen: t.Reord_seen, OutOfOrderIn: t.Rcv_ooopack,
		Backoff: t.Backoff, Probes: t.Probes, TotalRTO: t.Total_rto,
	}
}

// counters reads the TCP counters of the host's namespace. They began at 0 with it.
func (h *Host) counters() (map[string]int64, error) {
	all := map[string]int64{}
	err := h.Do(func() error {
		for _, file := range [...]string{"netstat", "snmp"} {
			b, err := os.ReadFile("/proc/thread-self/net/" + file)
			if err != nil {
				return err
			}
			if err := parseCounters(string(b), all); err != nil {
				return fmt.Errorf("/proc/net/%s: %w", file, err)
			}
		}
		return nil
	})
	return all, err
}

// parseCounters adds the counters of the Tcp and TcpExt lines that are not zero
// to all. Lines come in pairs, names and then values.
func parseCounters(text string, all map[string]int64) error {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		names, values := strings.Fields(lines[i]), strings.Fields(lines[i+1])
		if len(names) == 0 || len(names) != len(values) || names[0] != values[0] {
			return fmt.Errorf("%q does not fit %q", lines[i], lines[i+1])
		}
		if names[0] != "Tcp:" && names[0] != "TcpExt:" {
			continue
		}
		for k := 1; k < len(names); k++ {
			v, err := strconv.ParseInt(values[k], 10, 64)
			if err != nil {
				return err
			}
			if v != 0 {
				all[names[k]] = v
			}
		}
	}
	return nil
}
