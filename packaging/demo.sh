#!/bin/sh
# Prints the report on the bundled captures in folder $1, taken at the clients
# (most are bundled a second time as the servers saw them), and two ladders.
set -eu
captures=$1
files=$(ls "$captures"/*.pcap "$captures"/*.pcapng "$captures"/*.pcap.gz 2>/dev/null |
	grep -vE -- '-at-(server|router)|/any|/one-way-server|/time-wait-storm-by-server') || true
if [ -z "$files" ]; then
	echo "no captures in $captures" >&2
	exit 1
fi
echo "\$ ./tcpwatch $captures/*"
# shellcheck disable=SC2086 # file names without blanks
./tcpwatch $files
for name in syn-lost last-ack-lost; do
	file=$captures/$name.pcap
	[ -e "$file" ] || continue
	# The lab's captures begin with two packets of neighbour discovery.
	id=$(./tcpwatch "$file" -o csv | sed -n '2s/^conn,\([0-9]*\),.*/\1/p')
	echo
	echo "\$ ./tcpwatch $file --why ${id:-1}"
	./tcpwatch "$file" --why "${id:-1}"
done
