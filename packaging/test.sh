#!/bin/sh
# Runs every check of the project and says which were skipped, and why.
# Environment: GO, FUZZTIME (a target: runs, as 4000x, the default, or time),
# TCPWATCH_CORPUS (real captures, by default ../shared/corpus where that is there),
# TCPWATCH_TSHARK_EVERY (one capture of so many is compared with tshark: 20).
set -u
go=${GO:-go}
logs=$(mktemp -d) || exit 1
builder=
trap 'kill $builder 2>/dev/null; rm -rf "$logs"' EXIT
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
vetted= # go test would run some of vet's checks again
if cgo; then
	check vet "$go" vet ./...
	vetted=-vet=off
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
# The command's tests take longest: they begin first.
# A process with the race detector tells of a race when it comes, and waits at its end for what
# still runs: by default a second, of which the hundreds that tests start would make minutes.
# shellcheck disable=SC2086 # may be empty
env -u TCPWATCH_CORPUS GORACE="${GORACE:-atexit_sleep_ms=100}" \
	"$go" test $race $vetted -p $(($(nproc) + 2)) -v -timeout 20m ./cmd/tcpwatch ./... >"$logs/test" 2>&1
status=$?
grep -aE '^(ok|FAIL|panic)' "$logs/test"
if [ $status != 0 ]; then
	grep -aE '^ *--- FAIL' "$logs/test"
	grep -avE '^(=== (RUN|PAUSE|CONT|NAME)| *--- (PASS|SKIP)|PASS$|ok )' "$logs/test" | head -n 400
	failed="$failed test;"
fi

# named EXPRESSION...: the packages whose tests' files have such a line.
named() { git grep -l "$@" -- '*_test.go' | xargs -n 1 dirname | sort -u; }
fuzzed=$(named -e '^func Fuzz')
# What is tried below is built while tests that play in the lab wait, and gives way to them.
mkdir "$logs/fuzz"
# fuzzer DIRECTORY: its program with all fuzz targets of a package.
fuzzer() { echo "$logs/fuzz/$(echo "$1" | tr / -).test"; }
# shellcheck disable=SC2086 # may be empty
build_fuzzer() { $gently "$go" test -c $vetted -fuzz . -o "$(fuzzer "$1")" "./$1"; }
build_program() { $gently "$go" build -pgo=auto -trimpath -o "$logs/tcpwatch" ./cmd/tcpwatch; }
gently=
(
	gently="nice -n 19"
	for dir in $fuzzed; do build_fuzzer "$dir"; done
	build_program
) >/dev/null 2>&1 &
builder=$!

# Without the race detector: what is too slow with it, and what reads the corpus, to which the
# bundled captures belong.
files= names=
if [ -n "$race" ]; then
	files=$(git grep -l -e 'racetest\.' -- '*_test.go')
	# shellcheck disable=SC2086 # names without spaces
	names=$(sed -n -e 's/^func \(Test[A-Za-z0-9_]*\)(.*/\1/; T; h' -e ': body' -e 'n; /^}/b; /racetest\./ { g; p; b }; b body' $files)
fi
if [ -n "$corpus" ]; then
	export TCPWATCH_CORPUS="$corpus" TCPWATCH_TSHARK_EVERY="${TCPWATCH_TSHARK_EVERY:-20}"
	more=$(git grep -l -e TCPWATCH_CORPUS -e 'capturetest\.Corpus(' -e ':= corpus(t)' -- '*_test.go')
	# shellcheck disable=SC2086
	names="$names $(sed -n 's/^func \(Test[A-Za-z0-9_]*\)(.*/\1/p' $more)"
	files="$files $more"
fi
touch "$logs/unraced"
if [ -n "$names" ]; then
	say "tests that are too slow under the race detector, and those on the corpus"
	# shellcheck disable=SC2086
	packages=$(for f in $files; do dirname "./$f"; done | sort -u)
	# shellcheck disable=SC2086
	names=$(printf '%s\n' $names | sort -u | paste -sd '|' -)
	# One package more than there are cores: that with the lab waits.
	# shellcheck disable=SC2086
	if ! "$go" test $vetted -v -count 1 -p $(($(nproc) + 1)) -timeout 20m -run "^($names)\$" ./cmd/tcpwatch $packages >"$logs/unraced" 2>&1; then
		grep -avE '^(=== (RUN|PAUSE|CONT|NAME)| *--- (PASS|SKIP)|PASS$|ok )' "$logs/unraced" | head -n 200
		failed="$failed tests without the race detector;"
		faults=$((faults + 1))
	fi
fi
unset TCPWATCH_CORPUS
# What a test says that is run here a second time, without the race detector.
unraced=": run without -race"
# reasons LOG: each skipped test and its own last word.
reasons() {
	awk '/^=== (RUN|CONT|NAME) / { at = $3 }
		/^ +[A-Za-z0-9_]+\.go:[0-9]+: / { why[at] = $0; sub(/^ +[A-Za-z0-9_]+\.go:[0-9]+: /, "", why[at]) }
		/^ *--- SKIP: / { print $3 ": " why[$3] }
		/^(ok|FAIL)\t/ { split("", why) }' "$1"
}
{
	reasons "$logs/test" | grep -v "$unraced\$"
	reasons "$logs/unraced"
} >"$logs/reasons"
if [ -n "$corpus" ]; then
	grep -v ': TCPWATCH_CORPUS ' "$logs/reasons" >>"$skips"
else
	cat "$logs/reasons" >>"$skips"
fi
wait "$builder"
builder=

# found DIRECTORY LOG: the input that a fuzz target failed with, so that it is not
# lost with this checkout; kept under that name it is a seed from then on.
found() {
	sed -n 's/^ *Failing input written to //p' "$2" | while read -r name; do
		echo "$1/$name, to be kept as a seed, is:"
		head -c 20000 "$1/$name"
	done
}

# A directory and a fuzz target a line.
for dir in $fuzzed; do
	sed -n "s,^func \\(Fuzz[A-Za-z0-9_]*\\)(.*,$dir \\1,p" "$dir"/*_test.go
done >"$logs/targets"
if [ -s "$logs/targets" ]; then
	# By runs, not by time: at a time limit go test -fuzz now and then fails of
	# itself ("context deadline exceeded", Go issue 48591). So many targets at a
	# time as there are cores, each with one process: starting, finding the coverage of the seeds
	# and making inputs smaller keep one busy only. By time each target has all cores.
	each=${FUZZTIME:-4000x}
	case $each in
	*x) atonce=$(nproc) workers=1 ;;
	*) atonce=1 workers=$(nproc) ;;
	esac
	say "fuzz $(grep -c . "$logs/targets") targets, $each each"
	for dir in $fuzzed; do
		[ -x "$(fuzzer "$dir")" ] || build_fuzzer "$dir" >"$(fuzzer "$dir").out" 2>&1
	done
	while read -r dir target; do
		binary=$(fuzzer "$dir")
		[ -x "$binary" ] || continue
		echo "$dir $binary $target"
	done <"$logs/targets" |
		xargs -P "$atonce" -L 1 sh -c '
			env -C "$4" "$5" -test.run "^$" -test.fuzz "^$6\$" -test.fuzztime "$1" -test.parallel "$2" \
				-test.fuzzminimizetime 100x -test.fuzzcachedir "$3/$4" >"$5.$6.out" 2>&1 </dev/null &&
				grep -q "^fuzz: elapsed" "$5.$6.out" && touch "$5.$6.passed"
			exit 0' sh "$each" "$workers" "$("$go" env GOCACHE)/fuzz/$("$go" list -m)"
	while read -r dir target; do
		binary=$(fuzzer "$dir")
		[ ! -e "$binary.$target.passed" ] || continue
		for out in "$binary.out" "$binary.$target.out"; do
			[ ! -s "$out" ] || { head -n 100 "$out"; found "$dir" "$out"; }
		done
		failed="$failed $target;"
		faults=$((faults + 1))
	done <"$logs/targets"
fi

check "build" build_program
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

# shellcheck disable=SC2046,SC2086
check "benchmarks, once each" "$go" test $vetted -run '^$' -bench . -benchtime 1x $(named -e '^func Benchmark' | sed 's,^,./,')

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
