#!/bin/sh
# Runs what lies beside the checkout in ../shared: score.py (connection records
# against tshark's and Zeek's), cases.py (small inputs with what must hold) and
# incidents.py (captures whose cause is known), and compares with the figures in
# packaging/scores.tsv: none may be lower. scores.sh --record writes them anew.
# Exit status 1 when one is lower, 77 when nothing lies there.
set -u
cd "$(dirname "$0")/.." || exit 1
shared=${SHARED:-../shared}
floor=packaging/scores.tsv
bin=${BIN:-./tcpwatch}

for need in "$shared/score/score.py" "$shared/corpus/index.tsv"; do
	[ -e "$need" ] || { echo "$need is not there"; exit 77; }
done
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }

now=$(mktemp) || exit 1
trap 'rm -f "$now"' EXIT

# A line for each figure: what it is, and how good, tab between.
{
	python3 "$shared/score/score.py" --bin "$bin" --corpus "$shared/corpus" --jobs 2 |
		awk '/ by capture / { what = substr($0, 1, 54); sub(/ +$/, "", what); rest = substr($0, 55); split(rest, w)
			sub(/.*by capture */, "", rest); sub(/ *%.*/, "", rest)
			printf "%s, per cent\t%s\n%s, per cent by capture\t%s\n", what, w[4], what, rest }'
	[ ! -e "$shared/score/cases.py" ] || python3 "$shared/score/cases.py" --bin "$bin" |
		awk '/ of [0-9]+ hold$/ { print "cases that hold\t" $1 }'
	[ ! -e "$shared/score/incidents.py" ] || python3 "$shared/score/incidents.py" --bin "$bin" |
		awk '/ of [0-9]+$/ && /right [0-9]/ { sub(/.*right /, ""); sub(/[^0-9].*/, ""); print "incidents told right\t" $0 }'
} >"$now"
if [ ! -s "$now" ]; then
	echo "no figures came"
	exit 1
fi
if [ "${1:-}" = --record ]; then
	cp "$now" "$floor"
	exit
fi
awk -F '\t' 'NR == FNR { now[$1] = $2; next }
	!($1 in now) { print $1 ": no figure, at least " $2 " is wanted"; bad = 1; next }
	now[$1] + 0 < $2 + 0 { print $1 ": " now[$1] ", at least " $2 " is wanted"; bad = 1 }
	now[$1] + 0 > $2 + 0 { print $1 ": " now[$1] ", was " $2 }
	END { exit bad }' "$now" "$floor"
