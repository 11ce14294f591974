package main

// usage is what --help prints: 40 lines of at most 80 columns.
const usage = `tcpwatch: why TCP connections are slow, failing, leaking or dying

  tcpwatch [options] FILE... [filter]      read capture files (pcap, pcapng, gz)
  tcpwatch [options] [-i IFACE] [filter]   watch live; Ctrl-C reports and ends,
                                           SIGUSR1 reports

Input
  -r, --read FILE         read FILE (repeatable; - is standard input)
  -i, --interface IFACE   capture on IFACE ("any": all); default: first up
  -D, --list-interfaces   list interfaces
  -F, --filter-file FILE  read the filter from FILE
  -c, --count N           stop after N packets that passed the filter
      --for TIME          stop after TIME (live): 30, 90s, 1h30m
  -s, --snaplen BYTES     most bytes of a packet (262144)
  -B, --buffer-size KIB   the kernel's buffer (16384)  -p, --no-promiscuous-mode
Output
  -o, --output FORMAT[:FILE]   table, jsonl or csv (repeatable)
      --report LIST    findings,handshakes,closes,timewait,keepalive,connections
      --top N             rows of a table (10)       --sort KEY  order of rows
      --why ID            draw one connection: its number, or IP:PORT-IP:PORT
      --follow ID         print what both ends of one connection said
      --follow-as WAY     auto, text or hex   --raw PREFIX  write it to files
  -w, --write FILE        write the packets that passed the filter
      --interval TIME     records of connections still open, every TIME
      --transitions       with jsonl: every change of state
  -n, --numeric           name no ports              -q, --quiet  no live lines
      --color[=WHEN]      auto, always, never        --no-color
Findings
      --detectors LIST    only these          --explain NAME  its rule ("list")
      --threshold NAME=VALUE                  --fail-on SEVERITY  exit status 3
Connections
      --msl TIME          TIME-WAIT lasts twice as long (30s)
      --max-conns N       most held at once (2097152)
      --max-memory SIZE   most memory that they take (512M, 2G)
      --by-vlan           the VLAN is part of a connection's identity
  -j, --jobs N            workers (one a core)       -h, --help  --version

  sudo tcpwatch -i eth0                    tcpwatch capture.pcap port 443
  tcpwatch -nr capture.pcap --report closes --top 20
  tcpwatch capture.pcap --why 1201     ssh h tcpdump -w - | tcpwatch -r -
`
