package load

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"tcpwatch/capture/lab/wire"
)

// Input is a capture to measure with. It is large, is made where it is needed
// and kept outside the repository.
type Input struct {
	Name  string // of the file NAME.pcap
	Doc   string // what it holds
	Conns int    // connections and attempts, as a reader should count them
	// Multiplied is set when most packets are copies of a few real ones, with
	// other addresses, ports, sequence numbers and times.
	Multiplied bool
	make       func(file string) (packets int, err error)
}

// Inputs lists all.
func Inputs() []Input {
	return []Input{
		{Name: "short", Conns: shortConns, make: makeShort,
			Doc: "200,000 short connections: a request, an answer, a close"},
		{Name: "bulk", Conns: bulkConns, make: makeBulk,
			Doc: "64 bulk transfers side by side, half of them each way"},
		{Name: "mixed", Conns: mixedShort + mixedBulk, make: makeMixed,
			Doc: "short connections and bulk transfers side by side, 1 % of the packets lost each way"},
		{Name: "idle", Conns: idleConns, Multiplied: true, make: makeIdle,
			Doc: "1,000,000 connections, all open at the end, most of them idle"},
		{Name: "flood", Conns: floodSYNs + floodConns, Multiplied: true, make: makeFlood,
			Doc: "a flood of 5,000,000 SYNs with forged sources, every fourth answered (SYN cookies), and 10,000 short connections beside it, half of them to the port under attack"},
	}
}

// Made is what NAME.json says of an input.
type Made struct {
	Name       string `json:"name"`
	Doc        string `json:"doc"`
	Conns      int    `json:"conns"`
	Packets    int    `json:"packets"`
	Bytes      int64  `json:"bytes"`
	Multiplied bool   `json:"multiplied"`
}

// Make makes the input in dir, unless it is there. What is there is complete:
// files get their names last.
func (in *Input) Make(dir string) (_ *Made, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s.pcap: %w", in.Name, err)
		}
	}()
	pcap, about := filepath.Join(dir, in.Name+".pcap"), filepath.Join(dir, in.Name+".json")
	m := &Made{}
	if text, err := os.ReadFile(about); err == nil {
		if info, err := os.Stat(pcap); err == nil && json.Unmarshal(text, m) == nil && info.Size() == m.Bytes {
			return m, nil
		}
	}
	lock, err := wire.Claim("ip", "nft", "tcpdump")
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	made := pcap + ".part"
	defer os.Remove(made)
	packets, err := in.make(made)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(made)
	if err != nil {
		return nil, err
	}
	*m = Made{Name: in.Name, Doc: in.Doc, Conns: in.Conns, Packets: packets, Bytes: info.Size(), Multiplied: in.Multiplied}
	text, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(about+".part", append(text, '\n'), 0o644); err != nil {
		return nil, err
	}
	return m, errors.Join(os.Rename(made, pcap), os.Rename(about+".part", about))
}
