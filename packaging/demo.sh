#!/bin/sh
# Prints the report on the bundled captures, and the ladder of one connection.
set -eu
captures=$1
why=$2
show() {
	echo
	echo "\$ $*"
	"$@"
}
# shellcheck disable=SC2046 # file names without blanks
show ./tcpwatch $(ls "$captures"/*.pcap "$captures"/*.pcapng 2>/dev/null)
if [ -e "$why" ]; then
	show ./tcpwatch -r "$why" --why 1
fi
