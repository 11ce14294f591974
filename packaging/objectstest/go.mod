// The tests of archives in buckets: against a store of objects that is made here. A module of its own,
// so that it is not in the main module's graph. See "make test-all".
module tcpwatch/packaging/objectstest

go 1.26.7

require github.com/johannesboyne/gofakes3 v1.2.0

require (
	github.com/ryszard/goskiplist v0.0.0-20150312221310-2dfbae5fcf46 // indirect
	go.shabbyrobe.org/gocovmerge v0.0.0-20230507111327-fa4f82cfbf4d // indirect
	golang.org/x/tools v0.8.0 // indirect
)
