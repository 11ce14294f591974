#!/bin/sh
# Runs every check of the project and says which were skipped, and why.
# Environment: GO, FUZZTIME (a target: runs, as 4000x, the default, or time),
# TCPWATCH_CORPUS (real captures, by default ../shared/corpus where that is there),
# TCPWATCH_TSHARK_EVERY (one capture of so many is compared with tshark: 20).
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

# say TEXT: what is done now, and when, in seconds since the start.
say() { printf '== %s s: %s\n' "$(($(date +%s) - start))" "$*"; }
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

PATH=$("$go" env GOROOT)/bin:$PATH
# With its profile the command would have every package compiled a second time.
export GOFLAGS="$("$go" env GOFLAGS) -pgo=off"
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
check "types without cgo, and for macOS" "$go" run ./packaging/elsewhere

if [ "$(id -u)" != 0 ]; then
	skip "the lab (real kernels' connections): needs root"
fi
say "test ${race}"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/tcpwatch-test # see deps.sh
[ ! -d "$cache/node_modules/@duckdb" ] || PATH=$cache/bin:$PATH
[ ! -e "$cache/node_modules/axe-core/axe.min.js" ] || export PAGETEST_AXE="$cache/node_modules/axe-core/axe.min.js"
corpus=${TCPWATCH_CORPUS:-}
[ -n "$corpus" ] || [ ! -e ../shared/corpus/index.tsv ] || corpus=$(cd ../shared/corpus && pwd)
# Two packages more than there are cores: those with the lab mostly wait, also for each other.
# shellcheck disable=SC2086 # may be empty
env -u TCPWATCH_CORPUS "$go" test $race -p $(($(nproc) + 2)) -v -timeout 20m ./... >"$logs/test" 2>&1
status=$?
grep -aE '^(ok|FAIL|panic)' "$logs/test"
if [ $status != 0 ]; then
	grep -aE '^ *--- FAIL' "$logs/test"
	grep -avE '^(=== (RUN|PAUSE|CONT|NAME)| *--- (PASS|SKIP)|PASS$|ok )' "$logs/test" | head -n 400
	failed="$failed test;"
fi
touch "$logs/unraced"
if [ -n "$race" ]; then
	say "tests that are too slow under the race detector"
	files=$(git grep -l -e 'racetest\.' -- '*_test.go')
	# shellcheck disable=SC2086 # names without spaces
	names=$(sed -n -e 's/^func \(Test[A-Za-z0-9_]*\)(.*/\1/; T; h' -e ': body' -e 'n; /^}/b; /racetest\./ { g; p; b }; b body' $files | paste -sd '|' -)
	# shellcheck disable=SC2086
	packages=$(for f in $files; do dirname "./$f"; done | sort -u)
	# shellcheck disable=SC2086
	if ! "$go" test -v -count 1 -run "^($names)\$" $packages >"$logs/unraced" 2>&1; then
		grep -avE '^(=== (RUN|PAUSE|CONT|NAME)| *--- (PASS|SKIP)|PASS$|ok )' "$logs/unraced" | head -n 200
		failed="$failed tests without the race detector;"
		faults=$((faults + 1))
	fi
fi
# What a test says that is run here a second time, without the race detector.
unraced=": run without -race"
# reasons LOG: each skipped test and its own last word.
reasons() {
	awk '/^=== (RUN|CONT|NAME) / { at = $3 }
		/^ +[A-Za-z0-9_]+\.go:[0-9]+: / { why[at] = $0; sub(/^ +[A-Za-z0-9_]+\.go:[0-9]+: /, "", why[at]) }
		/^ *--- SKIP: / { print $3 ": " why[$3] }
		/^(ok|FAIL)\t/ { split("", why) }' "$1"
}
reasons "$logs/test" | grep -v "$unraced\$" >"$logs/reasons"
if [ -n "$corpus" ]; then
	# Without the race detector, which would take minutes; what is skipped for
	# want of the corpus above is run here.
	files=$(git grep -l -e TCPWATCH_CORPUS -e 'capturetest\.Corpus(' -e ':= corpus(t)' -- '*_test.go')
	# shellcheck disable=SC2086 # names without spaces
	names=$(sed -n 's/^func \(Test[A-Za-z0-9_]*\)(.*/\1/p' $files | sort -u | paste -sd '|' -)
	# shellcheck disable=SC2086
	packages=$(for f in $files; do echo "./${f%/*}"; done | sort -u)
	say "test on the corpus"
	# shellcheck disable=SC2086
	if ! TCPWATCH_CORPUS=$corpus TCPWATCH_TSHARK_EVERY=${TCPWATCH_TSHARK_EVERY:-20} \
		"$go" test -v -count 1 -timeout 20m -run "^($names)\$" $packages >"$logs/corpus" 2>&1; then
		grep -avE '^(=== (RUN|PAUSE|CONT|NAME)| *--- (PASS|SKIP)|PASS$|ok )' "$logs/corpus" | head -n 200
		failed="$failed test on the corpus;"
		faults=$((faults + 1))
	fi
	reasons "$logs/corpus" >>"$logs/reasons"
	grep -v ': TCPWATCH_CORPUS ' "$logs/reasons" >>"$skips"
else
	cat "$logs/reasons" >>"$skips"
fi

# found PACKAGE LOG: the input that a fuzz target failed with, so that it is not
# lost with this checkout; kept under that name it is a seed from then on.
found() {
	dir=$("$go" list -f '{{.Dir}}' "$1")
	sed -n 's/^ *Failing input written to //p' "$2" | while read -r name; do
		echo "$dir/$name, to be kept as a seed, is:"
		head -c 20000 "$dir/$name"
	done
}

targets=$("$go" test -list '^Fuzz' ./... 2>/dev/null | awk '/^Fuzz/ { name[++n] = $1 }
	/^ok/ { for (i = 1; i <= n; i++) print $2, name[i]; n = 0 }')
count=$(printf '%s\n' "$targets" | grep -c .)
if [ "$count" -gt 0 ]; then
	# By runs, not by time: at a time limit go test -fuzz now and then fails of
	# itself ("context deadline exceeded", Go issue 48591).
	each=${FUZZTIME:-4000x}
	say "fuzz $count targets, $each each"
	printf '%s\n' "$targets" >"$logs/targets"
	mkdir "$logs/fuzz"
	cache=$("$go" env GOCACHE)/fuzz
	while read -r pkg target; do
		# A package is built once, not for each of its targets.
		dir=$("$go" list -f '{{.Dir}}' "$pkg")
		binary=$logs/fuzz/$(echo "$pkg" | tr / -)
		if { [ -x "$binary" ] || "$go" test -c -fuzz . -o "$binary" "$pkg"; } >"$logs/out" 2>&1 </dev/null &&
			env -C "$dir" "$binary" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$each" -test.fuzzminimizetime 100x \
				-test.fuzzcachedir "$cache/$pkg" >"$logs/out" 2>&1 </dev/null; then
			:
		else
			head -n 100 "$logs/out"
			found "$pkg" "$logs/out"
			failed="$failed $target;"
			faults=$((faults + 1))
		fi
	done <"$logs/targets"
fi

check "build" "$go" build -pgo=auto -trimpath -o "$logs/tcpwatch" ./cmd/tcpwatch
if command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; then
	[ -n "${PAGETEST_AXE:-}" ] || skip "the page under axe-core: deps.sh test fetches it by npm"
	check "the page in a browser" env -C packaging/pagetest TCPWATCH="$logs/tcpwatch" "$go" test -count 1 ./...
else
	skip "the page in a browser: chromium is missing"
fi
say "fuzz the whole program"
if ! "$go" run ./packaging/fuzzprocess -bin "$logs/tcpwatch" -keep "$logs/complaints" >"$logs/out" 2>&1; then
	head -n 60 "$logs/out"
	for f in "$logs"/complaints/*; do
		[ -e "$f" ] || continue
		echo "the file $(basename "$f"), by base64 -d | gzip -d:"
		gzip -9c "$f" | base64 | head -n 400
		break # one will do; the others are made again from seed and number
	done
	failed="$failed fuzz-process;"
	faults=$((faults + 1))
else
	tail -n 1 "$logs/out"
fi

say "scores"
BIN=$logs/tcpwatch packaging/scores.sh >"$logs/out" 2>&1
case $? in
0) cat "$logs/out" ;;
77) skip "scores against real captures: $(cat "$logs/out")" ;;
*)
	cat "$logs/out"
	failed="$failed scores;"
	faults=$((faults + 1))
	;;
esac

say "instructions beside those of the last release"
if ! "$go" run ./packaging/bench -check -bin "$logs/tcpwatch" >"$logs/out" 2>&1; then
	cat "$logs/out"
	failed="$failed bench-check;"
	faults=$((faults + 1))
elif reason=$(grep '^skipped: ' "$logs/out"); then
	skip "instructions beside those of the last release: ${reason#skipped: }"
else
	cat "$logs/out"
fi

check "benchmarks, once each" "$go" test -run '^$' -bench . -benchtime 1x ./...

if [ -s "$skips" ]; then
	echo
	say "skipped"
	sort -u "$skips"
fi
echo
passed=$(cat "$logs/test" "$logs/unraced" | grep -acE '^--- PASS')
bad=$(($(grep -acE '^--- FAIL' "$logs/test") + faults))
# A package that did not build, or died, fails without a test to name.
[ $status = 0 ] || [ $bad != 0 ] || bad=1
left=$(($(grep -acE '^--- SKIP' "$logs/test") - $(grep -ac "$unraced\$" "$logs/test")))
echo "== $(($(date +%s) - start)) s"
if [ -n "$failed" ]; then
	echo "FAILED:$failed"
fi
echo "$passed passed, $bad failed, $left skipped"
[ -z "$failed" ]
