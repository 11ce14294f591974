package main

import (
	"strings"

	"tcpwatch/report"
)

// usage is what --help prints: 40 lines of at most 80 columns.
func usage() string {
	return strings.NewReplacer("TABLES", tableNames(), "FORMATS", formatChoice()).Replace(usageText)
}

// formatChoice are the formats that -o may name: a, b or c.
func formatChoice() string {
	names := formatNames()
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// tableNames are the tables that --report may name, in lines that fit behind its text.
func tableNames() string {
	const column, last = 23, 80
	names, used := "", column
	all := append(report.ReportNames(), report.EveryReport)
	for i, n := range all {
		if i > 0 {
			names, used = names+",", used+1
		}
		if used+len(n) >= last && i+1 < len(all) || used+len(n) > last {
			names, used = names+"\n"+strings.Repeat(" ", column), column
		}
		names, used = names+n, used+len(n)
	}
	return names
}

const usageText = `tcpwatch: why TCP connections are slow, failing, leaking or dying

  tcpwatch [options] FILE... [filter]      read pcap or pcapng files (.gz, .zst)
  tcpwatch [options] [-i IFACE] [filter]   watch live; Ctrl-C reports and ends
  tcpwatch compare A B                     what got worse from A to B (--help)

Input
  -r, --read FILE         read FILE (repeatable; - is standard input)
  -i, --interface IFACE   capture on IFACE ("any": all); default: first up
  -D, --list-interfaces   list them    -F, --filter-file FILE  holds the filter
  -c, --count N           stop after N packets that passed the filter
      --for TIME          live: stop after 30, 90s, 1h30m   -Z, --user USER
  -s, --snaplen BYTES     most bytes of a packet (262144)
  -B, --buffer-size KIB   the kernel's buffer (65536)  -p, --no-promiscuous-mode
Output
  -o, --output FORMAT[:FILE]   FORMATS (repeatable)
      --report LIST    TABLES
      --top N  rows (10)  --sort [-]KEY  their order  --columns LIST  any fields
      --where EXPR        only connections for which EXPR is true
      --why ID            draw connections: a number, IP:PORT-IP:PORT, matching
      --follow ID         print what both ends of one connection said
      --follow-as WAY     auto, text or hex   --raw PREFIX  write it to files
  -w, --write FILE        write the packets that passed the filter
      --extract FILE      write those of troubled, or --where's, connections
      --interval TIME     jsonl, csv: open ones too    --transitions  jsonl
  -n, --numeric           name no ports              -q, --quiet  no live lines
      --color[=WHEN]      auto, always, never        --no-color  --no-pager
Findings
      --detectors LIST    only these          --explain NAME  its rule ("list")
      --threshold NAME=VALUE    --fail-on critical|warning|notice|info  status 3
Connections
      --msl TIME          half of TIME-WAIT (30s)  --max-conns N  held (2097152)
      --max-memory SIZE   of the process, give or take 60 MB (64M or more)
      --by-vlan           the VLAN is part of a connection's identity
  -j, --jobs N            workers (one a core)       -h, --help  --version

  sudo tcpwatch -i eth0                    tcpwatch capture.pcap port 443
  tcpwatch capture.pcap --where 'open.felt_s > 1 && resp_port == 443'
  tcpwatch capture.pcap --why 1201     ssh h tcpdump -w - | tcpwatch -r -
Status: 0 done, 1 ended early, 2 wrong use or input, 3 see --fail-on
`
