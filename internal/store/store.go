// Package store says what an archive asks of the place that its files are kept in: a folder on disk
// (outfile.Folder), or what others keep objects in.
package store

import (
	"errors"
	"io"
)

// Store keeps files under names of parts with slashes between them. Its methods may be called by
// several goroutines; a file is for one. Errors name neither the store nor the file, and are one line;
// that there is no such file is fs.ErrNotExist, that one may not is fs.ErrPermission.
type Store interface {
	// Create begins a file. What stands under its name stays until File.Whole. It is an error when
	// another process writes that file.
	Create(name string) (File, error)
	// List are the files below a folder, by name; "" for all. None, and no error, where there is no such
	// folder.
	List(folder string) ([]Entry, error)
	// Open opens a file that is whole.
	Open(name string) (Object, error)
	// Remove removes a file, and what was not finished under that name; no error where neither is there.
	Remove(name string) error
}

// File is a file that is written whole or not at all. One of Whole and Undo ends it.
type File interface {
	io.Writer
	// Whole puts the file under its name, in place of what is there.
	Whole() error
	// Undo leaves what was there.
	Undo()
}

// Later is a Store that sends files while others are written: nobody waits for it.
type Later interface {
	Store
	// Begin begins a file. Its Whole says only that all was written; then ended is told once, by another
	// goroutine, what became of it: nil when it stands under its name, ErrUnanswered where the store did not
	// say that it has it.
	Begin(name string, ended func(error)) (Sent, error)
	// Full reports whether so much waits to be sent that no more is to be written.
	Full() bool
	// Settle waits until all files have ended of which all was written, for a while; those that have not
	// then are given up, and all that come later.
	Settle()
}

// Sent is a File of a Later.
type Sent interface {
	File
	// Failed reports whether the store refuses it already. It may be asked at any time.
	Failed() bool
}

// ErrUnanswered is that a store took too long.
var ErrUnanswered = errors.New("it does not answer")

// Entry is a file that a Store has.
type Entry struct {
	Name string
	Size int64
	// Unfinished says that a process is writing the file, or was killed meanwhile. What is whole under
	// the same name is an Entry of its own.
	Unfinished bool
}

// Object is a file that is read.
type Object interface {
	io.ReaderAt
	io.Closer
	Size() int64
}
