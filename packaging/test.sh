#!/bin/sh
# Runs every check of the project and says which were skipped, and why.
# Environment: GO, FUZZTIME (a target: runs, as 4000x, the default, or time).
set -u
go=${GO:-go}
logs=$(mktemp -d) || exit 1
trap 'rm -rf "$logs"' EXIT
trap 'exit 130' INT TERM

failed=
faults=0 # failed checks and fuzz targets; failed tests are counted by name
skips=$logs/skips
: >"$skips"
start=$(date +%s)

say() { printf '== %s\n' "$*"; }
skip() { printf '%s\n' "$*" >>"$skips"; }

# check NAME COMMAND... runs a command; its output is shown only when it fails.
check() {
	name=$1
	shift
	say "$name"
	if ! "$@" >"$logs/out" 2>&1; then
		head -n 400 "$logs/out"
		failed="$failed $name;"
		faults=$((faults + 1))
	fi
}

formatted() {
	list=$(git ls-files -z '*.go' 2>/dev/null | xargs -0 -r gofmt -l) || return 1
	[ -z "$list" ] || { printf 'not formatted:\n%s\n' "$list"; return 1; }
}

cgo() {
	printf '#include <pcap.h>\n' | cc -E - >/dev/null 2>&1
}

PATH=$PATH:$("$go" env GOROOT)/bin
check gofmt formatted
if cgo; then
	check vet "$go" vet ./...
	check staticcheck "$go" tool staticcheck ./...
	race=-race
else
	skip "live capture, staticcheck and the race detector: a C compiler or pcap.h is missing"
	export CGO_ENABLED=0
	race=
fi
check "vet without cgo" env CGO_ENABLED=0 "$go" vet ./...
check "build without cgo, for macOS" env CGO_ENABLED=0 GOOS=darwin "$go" build ./...

if [ "$(id -u)" != 0 ]; then
	skip "the lab (real kernels' connections): needs root"
fi
say "test ${race}"
# shellcheck disable=SC2086 # may be empty
"$go" test $race -v -timeout 10m ./... >"$logs/test" 2>&1
status=$?
grep -aE '^(ok|FAIL|panic)' "$logs/test"
if [ $status != 0 ]; then
	grep -avE '^(=== (RUN|PAUSE|CONT|NAME)| *--- (PASS|SKIP)|PASS$|ok )' "$logs/test" | head -n 400
	failed="$failed test;"
fi
# A skipped test tells its reason in the log line before its verdict.
awk '/^ +[A-Za-z0-9_]+\.go:[0-9]+: / { sub(/^ +[A-Za-z0-9_]+\.go:[0-9]+: /, ""); why = $0 }
	/^ *--- SKIP: / { print $3 ": " why }' "$logs/test" >>"$skips"

targets=$("$go" test -list '^Fuzz' ./... 2>/dev/null | awk '/^Fuzz/ { name[++n] = $1 }
	/^ok/ { for (i = 1; i <= n; i++) print $2, name[i]; n = 0 }')
count=$(printf '%s\n' "$targets" | grep -c .)
if [ "$count" -gt 0 ]; then
	# By runs, not by time: at a time limit go test -fuzz now and then fails of
	# itself ("context deadline exceeded", Go issue 48591).
	each=${FUZZTIME:-4000x}
	say "fuzz $count targets, $each each"
	printf '%s\n' "$targets" >"$logs/targets"
	while read -r pkg target; do
		if ! "$go" test -run '^$' -fuzz "^$target\$" -fuzztime "$each" -fuzzminimizetime 100x "$pkg" >"$logs/out" 2>&1 </dev/null; then
			head -n 100 "$logs/out"
			failed="$failed $target;"
			faults=$((faults + 1))
		fi
	done <"$logs/targets"
fi

check "benchmarks, once each" "$go" test -run '^$' -bench . -benchtime 1x ./...

if [ -s "$skips" ]; then
	echo
	say "skipped"
	sort -u "$skips"
fi
echo
passed=$(grep -acE '^--- PASS' "$logs/test")
bad=$(($(grep -acE '^--- FAIL' "$logs/test") + faults))
# A package that did not build, or died, fails without a test to name.
[ $status = 0 ] || [ $bad != 0 ] || bad=1
left=$(grep -acE '^--- SKIP' "$logs/test")
say "$(($(date +%s) - start)) s"
if [ -n "$failed" ]; then
	echo "FAILED:$failed"
fi
echo "$passed passed, $bad failed, $left skipped"
[ -z "$failed" ]
