package lab

import (
	"net/netip"
	"strings"
	"testing"
)

// trace is what trace_pipe said of three repeats, shortened.
const trace = `          <idle>-0       [000] ..s2.  100.000001: tcp_retransmit_skb: skbaddr=1 skaddr=1 family=AF_INET sport=1 dport=80 saddr=10.0.0.1 daddr=10.0.0.2 saddrv6=::ffff:10.0.0.1 daddrv6=::ffff:10.0.0.2 state=TCP_ESTABLISHED err=0
          <idle>-0       [001] ..s2.  100.000002: tcp_retransmit_skb: skbaddr=1 skaddr=1 family=AF_INET sport=2 dport=80 saddr=10.0.0.1 daddr=10.0.0.2 saddrv6=::ffff:10.0.0.1 daddrv6=::ffff:10.0.0.2 state=TCP_ESTABLISHED err=0
          <idle>-0       [000] ..s2.  100.000003: <stack trace>
 => __tcp_retransmit_skb
 => tcp_send_loss_probe
 => tcp_write_timer_handler
          <idle>-0       [000] ..s2.  100.200000: tcp_cong_state_set: family=AF_INET sport=1 dport=80 saddr=10.0.0.1 daddr=10.0.0.2 saddrv6=::ffff:10.0.0.1 daddrv6=::ffff:10.0.0.2 cong_state=4
          <idle>-0       [000] ..s2.  100.200001: tcp_retransmit_skb: skbaddr=1 skaddr=1 family=AF_INET sport=1 dport=80 saddr=10.0.0.1 daddr=10.0.0.2 saddrv6=::ffff:10.0.0.1 daddrv6=::ffff:10.0.0.2 state=TCP_ESTABLISHED err=0
          <idle>-0       [000] ..s2.  100.200002: <stack trace>
 => tcp_retransmit_skb
 => tcp_retransmit_timer
            task-7       [000] ..s2.  100.300001: tcp_retransmit_skb: skbaddr=1 skaddr=1 family=AF_INET sport=1 dport=80 saddr=10.0.0.1 daddr=10.0.0.2 saddrv6=::ffff:10.0.0.1 daddrv6=::ffff:10.0.0.2 state=TCP_ESTABLISHED err=0
            task-7       [000] ..s2.  100.300002: <stack trace>
 => tcp_retransmit_skb
 => tcp_xmit_retransmit_queue.part.0
 => tcp_ack
            task-7       [000] ..s2.  100.400001: tcp_retransmit_skb: skbaddr=1 skaddr=1 family=AF_INET sport=1 dport=80 saddr=10.0.0.1 daddr=10.0.0.2 saddrv6=::ffff:10.0.0.1 daddrv6=::ffff:10.0.0.2 state=TCP_ESTABLISHED err=-16
`

func TestRepeatTrace(t *testing.T) {
	r := repeatTrace{pending: map[string]int{}, stack: -1}
	for line := range strings.Lines(trace) {
		r.take(line, 0)
	}
	server := netip.MustParseAddrPort("10.0.0.2:80")
	for client, want := range map[string]string{"10.0.0.1:1": "tlp rto slow-start", "10.0.0.1:2": "unknown"} {
		var got []string
		for _, e := range r.of(netip.MustParseAddrPort(client), server, 0, 1<<62) {
			got = append(got, e.cause)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", client, got, want)
		}
	}
}

func TestParseCounters(t *testing.T) {
	all := map[string]int64{}
	if err := parseCounters("Ip: A\nIp: 1\nTcp: MaxConn RetransSegs\nTcp: -1 7\nTcpExt: TCPTimeouts TCPDSACKRecv\nTcpExt: 0 2\n", all); err != nil {
		t.Fatal(err)
	}
	if len(all) != 3 || all["RetransSegs"] != 7 || all["TCPDSACKRecv"] != 2 {
		t.Errorf("got %v", all)
	}
	if parseCounters("Tcp: A B\nTcp: 1\n", all) == nil {
		t.Error("names without values")
	}
}
