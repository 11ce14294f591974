#!/bin/sh
# Installs what is missing to build tcpwatch (deps.sh build), to test it
# (deps.sh test), to test it with others' programs (deps.sh test-all) or to measure it beside its peers (deps.sh bench) on Debian and
# its relatives; elsewhere says what is missing.
# Exit status 1 when something is missing still.
set -u
purpose=${1:-build}
PATH=$PATH:/usr/sbin:/sbin:/usr/local/go/bin # Debian puts argus and nft into the first two

have() { command -v "$1" >/dev/null 2>&1; }

# needs COMMAND PACKAGE adds PACKAGE to what is missing without COMMAND.
missing=
needs() { have "$1" || missing="$missing $2"; }

list() {
	missing=
	needs go golang-go
	needs cc gcc
	[ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
	[ -e /usr/include/pcap.h ] || [ -e /usr/include/pcap/pcap.h ] || missing="$missing libpcap-dev"
	if [ "$purpose" = test ]; then
		needs git git
		needs nft nftables
		needs ip iproute2
		needs tcpdump tcpdump
		needs mandoc mandoc
		# What findings advise is tried.
		needs iptables iptables
		needs ping iputils-ping
		needs traceroute traceroute
		needs tracepath iputils-tracepath
		needs mtr mtr-tiny
		needs ethtool ethtool
		# The page is tried in a browser.
		needs pdftotext poppler-utils
		needs npm npm
		needs jq jq
		/usr/bin/python3 -c 'import pandas' 2>/dev/null || missing="$missing python3-pandas"
		have google-chrome || have chromium-browser || needs chromium chromium
		if [ -e ../shared/corpus/index.tsv ]; then
			needs tshark tshark
			needs python3 python3
		fi
	fi
	if [ "$purpose" = test-all ]; then
		needs prometheus prometheus
		needs clickhouse-server clickhouse-server
	fi
	if [ "$purpose" = bench ]; then
		needs git git
		needs nft nftables
		needs ip iproute2
		needs tcpdump tcpdump
		needs tshark tshark
		needs argus argus-server
		needs tcptrace tcptrace
	fi
}

list
if [ -n "$missing" ] && have apt-get; then
	run=
	if [ "$(id -u)" != 0 ]; then
		have sudo && run=sudo
	fi
	if [ "$(id -u)" = 0 ] || [ -n "$run" ]; then
		echo "installing with apt-get (a minute):$missing" >&2
		$run env DEBIAN_FRONTEND=noninteractive apt-get -qq update >/dev/null
		# shellcheck disable=SC2086 # a list of packages
		$run env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing ca-certificates >/dev/null
		list
	fi
fi

if [ -n "$missing" ]; then
	echo "missing (Debian's names):$missing; install them as root" >&2
	exit 1
fi

# What the page and the recipes are tried with besides, and Debian has not, comes by npm into a cache
# of the user: without it these tests are skipped.
if [ "$purpose" = test ]; then
	cache=${XDG_CACHE_HOME:-$HOME/.cache}/tcpwatch-test
	mkdir -p "$cache/bin"
	for package in axe-core@4.14.1 @duckdb/node-api@1.5.6-r.1; do
		name=${package%@*}
		if [ ! -e "$cache/node_modules/$name" ] && ! { have npm && npm install --silent --no-audit --no-fund --prefix "$cache" "$package" >/dev/null 2>&1; }; then
			echo "npm cannot install $package: what needs it is not tried" >&2
		fi
	done
	ln -sf "$(cd "$(dirname "$0")" && pwd)/duckdb.js" "$cache/bin/duckdb"
	[ ! -x /usr/bin/python3 ] || ln -sf /usr/bin/python3 "$cache/bin/python3" # which has Debian's pandas
fi
# Go itself may be older than go.mod asks for.
"$(dirname "$0")/go" version >/dev/null
