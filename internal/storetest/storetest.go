// Package storetest is a store in memory, for tests.
package storetest

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"tcpwatch/internal/store"
)

// Memory is a store.Store in memory.
type Memory struct {
	mu    sync.Mutex
	files map[string][]byte
	going map[string]*writing
	open  int
	// Full is the byte from which on nothing can be written to the file of a name that FullIn is in; 0 for
	// no such byte.
	Full   int
	FullIn string
	// MostOpen is how many files were open at the same time for reading.
	MostOpen int
}

// New returns an empty one.
func New() *Memory { return &Memory{files: map[string][]byte{}, going: map[string]*writing{}} }

// Files are those that are whole, by name. Who changes them changes what is kept.
func (m *Memory) Files() map[string][]byte { return m.files }

// Names are those of the files that are whole.
func (m *Memory) Names() []string { return slices.Sorted(maps.Keys(m.files)) }

// Unfinished are the names of those that were begun, and neither ended nor taken back.
func (m *Memory) Unfinished() []string { return slices.Sorted(maps.Keys(m.going)) }

// ErrFull is that there is no room.
var ErrFull = errors.New("no space left on device")

// writing is a file that is being written.
type writing struct {
	bytes.Buffer
	in   *Memory
	name string
}

func (w *writing) Write(b []byte) (int, error) {
	if m := w.in; m.Full > 0 && strings.Contains(w.name, m.FullIn) && w.Len()+len(b) > m.Full {
		return 0, ErrFull
	}
	return w.Buffer.Write(b)
}

func (w *writing) Whole() error {
	w.in.mu.Lock()
	defer w.in.mu.Unlock()
	w.in.files[w.name] = w.Bytes()
	delete(w.in.going, w.name)
	return nil
}

func (w *writing) Undo() {
	w.in.mu.Lock()
	defer w.in.mu.Unlock()
	delete(w.in.going, w.name)
}

// Create begins a file; see store.Store.
func (m *Memory) Create(name string) (store.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.going[name] != nil {
		return nil, errors.New("another run is writing it")
	}
	m.going[name] = &writing{in: m, name: name}
	return m.going[name], nil
}

// List are the files below a folder; see store.Store.
func (m *Memory) List(folder string) (all []store.Entry, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	below := func(name string) bool { return folder == "" || strings.HasPrefix(name, folder+"/") }
	for name, b := range m.files {
		if below(name) {
			all = append(all, store.Entry{Name: name, Size: int64(len(b))})
		}
	}
	for name, w := range m.going {
		if below(name) {
			all = append(all, store.Entry{Name: name, Size: int64(w.Len()), Unfinished: true})
		}
	}
	slices.SortFunc(all, func(a, b store.Entry) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// object is a file that is read.
type object struct {
	*bytes.Reader
	in *Memory
}

func (o *object) Close() error {
	o.in.mu.Lock()
	defer o.in.mu.Unlock()
	o.in.open--
	return nil
}

// Open opens a file; see store.Store.
func (m *Memory) Open(name string) (store.Object, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.files[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	m.open++
	m.MostOpen = max(m.MostOpen, m.open)
	return &object{bytes.NewReader(b), m}, nil
}

// Remove removes a file; see store.Store.
func (m *Memory) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, name)
	return nil
}
