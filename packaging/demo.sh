#!/bin/sh
# Prints the report on the bundled captures in folder $1, taken at the clients
# (most are bundled a second time as the servers saw them), and two ladders.
set -eu
captures=$1
# show prints a command, then runs it as it was printed.
show() {
	echo "\$ $1"
	eval "$1"
}
if ! ls "$captures"/*.pcap* >/dev/null 2>&1; then
	echo "no captures in $captures" >&2
	exit 1
fi
show "./tcpwatch \$(ls $captures/*.pcap* | grep -vE -- '-at-(server|router)|/any|storm-by-server|one-way-server')"
for name in syn-lost last-ack-lost; do
	file=$captures/$name.pcap
	[ -e "$file" ] || continue
	# The lab's captures begin with two packets of neighbour discovery.
	id=$(./tcpwatch "$file" -o csv | sed -n '2s/^conn,\([0-9]*\),.*/\1/p')
	echo
	show "./tcpwatch $file --why ${id:-1}"
done
