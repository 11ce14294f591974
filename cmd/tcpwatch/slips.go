package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"tcpwatch/internal/inputs"
	"tcpwatch/internal/say"
)

// What people type in their first minute is taken as it is meant, or answered with the
// nearest name.

// aloneWords are words that ask for what an option asks for, where they stand alone and
// name no file.
var aloneWords = map[string]string{"help": "--help", "version": "--version"}

// meant is the command line as it is meant.
func meant(args []string) []string {
	if len(args) == 1 && aloneWords[args[0]] != "" {
		if _, err := os.Stat(args[0]); err != nil {
			return []string{aloneWords[args[0]]}
		}
	}
	if len(args) == 2 && args[0] == "help" && slices.Contains([]string{"compare", "pair", "report"}, args[1]) {
		return []string{args[1], "--help"}
	}
	return args
}

// wrongFlag is an error of the flags' parser, with the nearest option for an unknown one.
func wrongFlag(f *pflag.FlagSet, err error) error {
	if whole := (wholeError{}); errors.As(err, &whole) {
		return whole.error
	}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && len(unknown.GetSpecifiedName()) > 1 {
		var known []string
		f.VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if near := say.Nearest(unknown.GetSpecifiedName(), known); near != "" {
			return fmt.Errorf("%s; near it: --%s (see --help)", firstLine(err.Error()), near)
		}
	}
	return fmt.Errorf("%s (see --help)", firstLine(err.Error()))
}

// howToEnd says what ends a live capture.
func (o *options) howToEnd() string {
	switch {
	case o.run.Count > 0:
		return "ends after " + say.Plural(o.run.Count, "packet") + " or on Ctrl-C"
	case o.duration > 0:
		return "ends after " + say.Duration(int64(o.duration), false) + " or on Ctrl-C"
	}
	return "Ctrl-C ends it"
}

// noFilter is an error about a filter of one word, which may have been meant as a file.
func noFilter(filter string, err error) error {
	if err == nil || filter == "" || strings.ContainsAny(filter, " \t") || !strings.HasPrefix(err.Error(), "filter ") {
		return err
	}
	if none := inputs.NoneIn(filter); none != nil {
		return none
	}
	return fmt.Errorf("%w; nor is there a file of that name", err)
}
