#!/bin/sh
# Shows three incidents from the bundled captures in folder $1 on one screen: what is
# wrong, and the packets of one connection that show it.
set -eu
captures=$1
# incident NAME ID FIRST LAST: the worst finding in a capture, and the ladder of
# connection ID from packet FIRST to packet LAST.
incident() {
	file=$captures/$1.pcap
	if [ ! -e "$file" ]; then
		echo "$file is missing" >&2
		exit 1
	fi
	echo "\$ ./tcpwatch $file --why $2"
	./tcpwatch "$file" | grep -E -m 1 '^(CRITICAL|WARNING|NOTICE) '
	./tcpwatch "$file" --why "$2" | awk -v first="$3" -v last="$4" '
		NR == 5 { print }
		/^ *[0-9]+ / { on = $1 >= first && $1 <= last }
		/^$/ { on = 0 }
		on'
	echo
}
incident accept-queue-abort 7 10 12
incident syn-lost 3 6 8
incident keepalive-dead 3 10 13
echo 'Each is shortened. Next: ./tcpwatch YOUR.pcap, or live: sudo ./tcpwatch -i any (Ctrl-C reports); --help fits a screen.'
