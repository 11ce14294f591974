# make demo     build, and show three incidents from the bundled captures
# make test     every check: format, vet, staticcheck, tests, short fuzzing, benchmarks
# make test-all that, and tests that take long: Debian's Prometheus and an OpenTelemetry Collector take what is measured,
#               brokers of Kafka are sent to, archives are kept in buckets, DuckDB reads the tables of Parquet, ClickHouse pairs records
# make build    ./tcpwatch          make install  PREFIX=/usr/local DESTDIR=
# make bench    time and memory beside other programs, on inputs that are made first
#               (2 GB in ~/.cache/tcpwatch-bench; BENCH="-h" lists what may be said)
# make bench-check  instructions of -j 1 beside those stored for the last release; 5 % more fails
# make bench-live  live captures beside tcpdump's, at rising rates
# make bench-go benchmarks of each stage
# make profile  CPU and memory profiles of tcpwatch reading INPUT=FILE
# make pgo      make the profile that builds are optimised by again (cmd/tcpwatch/default.pgo), from the bench inputs in INPUTS=DIR
# make fuzz     every fuzz target for FUZZTIME=10m
# make fuzz-process  the whole program on FILES=600 damaged captures of SEED=1: status, JSON, CSV, -j, memory
# make scores   what it says of ../shared, where that lies beside the checkout (packaging/scores.sh --record keeps the figures)
# make record   record testdata/pcaps again (root), and README.md's examples from them

PREFIX   ?= /usr/local
FUZZTIME ?= 10m
FILES    ?= 600
SEED     ?= 1
CAPTURES ?= testdata/pcaps
BENCH    ?=
INPUTS   ?= $(HOME)/.cache/tcpwatch-bench
INPUT    ?= testdata/pcaps/time-wait-storm-by-client.pcap.gz
# Go at the version that go.mod asks for, fetched where that of the system is older.
GO       ?= $(CURDIR)/packaging/go

# Without libpcap everything but live capture and filters is built.
CGO = $(shell printf '\043include <pcap.h>\n' | cc -E - >/dev/null 2>&1 && echo 1 || echo 0)

.PHONY: demo test test-all build install bench bench-check bench-live bench-go profile pgo fuzz fuzz-process scores record deps deps-test deps-bench clean

build:
	@[ "$(CGO)" = 1 ] || echo "libpcap-dev or a C compiler is missing: no live capture, no filters" >&2
	CGO_ENABLED=$(CGO) $(GO) build -trimpath -o tcpwatch ./cmd/tcpwatch

demo:
	@packaging/deps.sh build || $(GO) version >/dev/null
	@[ -x tcpwatch ] || echo "building; the first time fetches Go modules (120 MB) and takes two or three minutes" >&2
	@$(MAKE) --no-print-directory build
	@packaging/demo.sh $(CAPTURES)

test: deps-test
	@GO=$(GO) packaging/test.sh

test-all: test build
	@packaging/deps.sh test-all || $(GO) version >/dev/null
	@for with in metricstest kafkatest objectstest parquettest; do \
		out=$$(cd packaging/$$with && TCPWATCH=$(CURDIR)/tcpwatch $(GO) test -count 1 -v ./... 2>&1); status=$$?; \
		printf '%s\n' "$$out" | grep -E '^(---|ok|FAIL|PASS| )'; [ $$status = 0 ] || exit 1; \
	done

deps:
	@packaging/deps.sh build

deps-test:
	@packaging/deps.sh test || $(GO) version >/dev/null

# What "make build" made, so that root builds nothing.
install:
	@[ -x tcpwatch ] || $(MAKE) --no-print-directory build
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 tcpwatch $(DESTDIR)$(PREFIX)/bin/tcpwatch
	install -m 644 docs/tcpwatch.1 $(DESTDIR)$(PREFIX)/share/man/man1/tcpwatch.1

deps-bench:
	@packaging/deps.sh bench || $(GO) version >/dev/null

bench: deps-bench build
	@$(GO) run ./packaging/bench $(BENCH)

bench-check: build
	@$(GO) run ./packaging/bench -check $(BENCH)

bench-live: deps-test build
	@$(GO) run ./packaging/bench -live $(BENCH)

bench-go:
	$(GO) test -run '^$$' -bench . -benchmem ./...

profile:
	$(GO) test ./cmd/tcpwatch -run '^$$' -bench 'Command/table' -benchtime 3x -benchmem -bench-input '$(abspath $(INPUT))' \
		-o profile.test -cpuprofile cpu.prof -memprofile mem.prof
	@$(GO) tool pprof -top -nodecount 15 profile.test cpu.prof
	@echo "more: $(GO) tool pprof -http : profile.test cpu.prof (or mem.prof)"

# Built in /tmp and with -trimpath, so that it names nobody's directories.
pgo:
	@for i in short mixed bulk; do \
		$(GO) test ./cmd/tcpwatch -trimpath -pgo off -run '^$$' -bench 'Command/table' -benchtime 6x -bench-input '$(INPUTS)/'$$i.pcap \
			-o /tmp/tcpwatch.test -cpuprofile /tmp/tcpwatch-$$i.prof || exit 1; \
	done
	@$(GO) tool pprof -proto -output cmd/tcpwatch/default.pgo /tmp/tcpwatch-short.prof /tmp/tcpwatch-mixed.prof /tmp/tcpwatch-bulk.prof
	@rm -f /tmp/tcpwatch.test /tmp/tcpwatch-*.prof

fuzz:
	@$(GO) test -list '^Fuzz' ./... | awk '/^Fuzz/ { name[++n] = $$1 } /^ok/ { for (i = 1; i <= n; i++) print $$2, name[i]; n = 0 }' | \
	while read -r pkg target; do \
		echo "== $$target"; \
		$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$pkg" </dev/null || exit 1; \
	done

fuzz-process: build
	@$(GO) run ./packaging/fuzzprocess -files $(FILES) -seed $(SEED)

scores: build
	@packaging/scores.sh

record:
	$(GO) test ./capture/lab -run Record -count=1 -record
	$(GO) test ./cmd/tcpwatch -run Readme -count=1 -update-readme

clean:
	rm -f tcpwatch profile.test cpu.prof mem.prof
