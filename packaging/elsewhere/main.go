// Command elsewhere checks the types of all packages and tests as they are built where
// nobody compiles them here: without cgo, and for another system. A compiler would take
// minutes for that, because it begins with the standard library.
package main

import (
	"fmt"
	"os"

	"golang.org/x/tools/go/packages"
)

// elsewhere is what is built beside the system at hand with cgo.
var elsewhere = [...]struct {
	name string
	env  []string
}{
	{"Linux without cgo", []string{"CGO_ENABLED=0", "GOOS=linux"}},
	{"macOS without cgo", []string{"CGO_ENABLED=0", "GOOS=darwin"}},
}

func main() {
	faults := 0
	for _, x := range elsewhere {
		all, err := packages.Load(&packages.Config{
			Mode:  packages.NeedName | packages.NeedImports | packages.NeedDeps | packages.NeedTypes | packages.NeedSyntax,
			Env:   append(os.Environ(), x.env...),
			Tests: true,
		}, "./...")
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", x.name, err)
			os.Exit(1)
		}
		for _, p := range all {
			for _, e := range p.Errors {
				fmt.Printf("%s: %v\n", x.name, e)
				faults++
			}
		}
	}
	if faults > 0 {
		os.Exit(1)
	}
}
