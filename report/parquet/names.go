package parquet

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
)

// Tables of an archive. Each has a folder of its own; that of connections is the archive itself.
const (
	Connections = ""
	Findings    = "findings"
	Stats       = "stats"
	Folds       = "folds"
)

// Layout is the version of an archive's layout, as the folder below each table's is called.
const Layout = "v=1"

// Unnamed is the place of runs whose place nobody named.
const Unnamed = "unnamed"

// noDate is the date where none is known, as Hive has it.
const noDate = "__HIVE_DEFAULT_PARTITION__"

// Name is the name of a file in an archive:
// TABLE/v=1/place=PLACE/date=DATE/part-RUN-NUMBER.parquet.
type Name struct {
	Table string
	Place string
	Date  string // noDate where none is known
	Run   string
	Part  int // of connections, from 1
}

// String is the name, with slashes.
func (n Name) String() string {
	base := "part-" + n.Run
	switch n.Table {
	case Connections:
		base += fmt.Sprintf("-%05d.parquet", n.Part)
	case Folds:
		base += ".fold"
	default:
		base += ".parquet"
	}
	return path.Join(n.folder(), base)
}

// folder is the folder that it is in.
func (n Name) folder() string {
	return path.Join(n.Table, Layout, "place="+escaped(n.Place), "date="+n.Date)
}

// Folders are those in an archive that a place writes to, those on the way to them first.
func Folders(place string) (all []string) {
	for _, table := range [...]string{Connections, Findings, Stats, Folds} {
		if table != "" {
			all = append(all, table)
		}
		all = append(all, path.Join(table, Layout), path.Join(table, Layout, "place="+escaped(place)))
	}
	return all
}

// ParseName reads a name; false where it is none of an archive.
func ParseName(name string) (n Name, ok bool) {
	parts := strings.Split(name, "/")
	if len(parts) == 5 {
		n.Table, parts = parts[0], parts[1:]
	}
	if len(parts) != 4 || parts[0] != Layout {
		return n, false
	}
	place, ok1 := strings.CutPrefix(parts[1], "place=")
	date, ok2 := strings.CutPrefix(parts[2], "date=")
	base, ok3 := strings.CutPrefix(parts[3], "part-")
	n.Place, n.Date = unescaped(place), date
	if n.Table == Folds {
		n.Run, ok = strings.CutSuffix(base, ".fold")
	} else {
		n.Run, ok = strings.CutSuffix(base, ".parquet")
	}
	if n.Table == Connections && ok {
		var number string
		n.Run, number, ok = strings.Cut(n.Run, "-")
		part, err := strconv.Atoi(number)
		n.Part, ok = part, ok && err == nil && part > 0
	}
	return n, ok && ok1 && ok2 && ok3 && n.String() == name
}

// escaped is a text as Hive has it in the name of a folder.
func escaped(text string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if c > 0x20 && c != 0x7f && !strings.ContainsRune("\"#%'*/:=?\\{[]^<>|", rune(c)) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// unescaped is the text of that.
func unescaped(name string) string {
	b := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		if name[i] == '%' && i+2 < len(name) {
			if c, err := strconv.ParseUint(name[i+1:i+3], 16, 8); err == nil {
				b = append(b, byte(c))
				i += 2
				continue
			}
		}
		b = append(b, name[i])
	}
	return string(b)
}

// MostOfPlace is how long, in bytes, the folder of a place may be called.
const MostOfPlace = 255

// CheckPlace is an error where a place has too long a name for a folder.
func CheckPlace(place string) error {
	if n := len("place=" + escaped(place)); n > MostOfPlace {
		return fmt.Errorf("a folder of that name has %d bytes: at most %d", n, MostOfPlace)
	}
	return nil
}

// dateOf is the date of a time, ns since 1970, in UTC; noDate for 0.
func dateOf(ns int64) string {
	if ns == 0 {
		return noDate
	}
	return time.Unix(0, ns).UTC().Format(time.DateOnly)
}

// runOf names a run after what it read, and when the first packet of that came.
func runOf(read []string, start int64) string {
	h := sha256.New()
	for _, text := range read {
		h.Write(binary.AppendUvarint(nil, uint64(len(text))))
		h.Write([]byte(text))
	}
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(start)))
	return hex.EncodeToString(h.Sum(nil)[:8])
}
