// A GOCACHEPROG that keeps everything in the folder of its argument and says at the end what it was asked for.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

type Request struct {
	ID       int64
	Command  string
	ActionID []byte
	OutputID []byte
	BodySize int64
}
type Response struct {
	ID            int64
	Err           string   `json:",omitempty"`
	KnownCommands []string `json:",omitempty"`
	Miss          bool     `json:",omitempty"`
	OutputID      []byte   `json:",omitempty"`
	Size          int64    `json:",omitempty"`
	DiskPath      string   `json:",omitempty"`
}

func main() {
	dir := os.Args[1]
	os.MkdirAll(dir, 0o777)
	d := json.NewDecoder(bufio.NewReader(os.Stdin))
	e := json.NewEncoder(os.Stdout)
	e.Encode(Response{KnownCommands: []string{"get", "put", "close"}})
	gets, hits, puts := 0, 0, 0
	for {
		var r Request
		if err := d.Decode(&r); err != nil {
			if err != io.EOF {
				fmt.Fprintln(os.Stderr, "cp:", err)
			}
			break
		}
		out := Response{ID: r.ID}
		file := filepath.Join(dir, hex.EncodeToString(r.ActionID))
		switch r.Command {
		case "get":
			gets++
			if b, err := os.ReadFile(file); err == nil {
				hits++
				out.OutputID, _ = hex.DecodeString(string(b))
				out.DiskPath = filepath.Join(dir, "o-"+string(b))
				if fi, err := os.Stat(out.DiskPath); err == nil {
					out.Size = fi.Size()
				}
			} else {
				out.Miss = true
			}
		case "put":
			puts++
			var body []byte
			if r.BodySize > 0 {
				if err := d.Decode(&body); err != nil {
					fmt.Fprintln(os.Stderr, "cp: body", err)
				}
				if int64(len(body)) != r.BodySize {
					fmt.Fprintln(os.Stderr, "cp: size")
				}
			}
			h := hex.EncodeToString(r.OutputID)
			out.DiskPath = filepath.Join(dir, "o-"+h)
			os.WriteFile(out.DiskPath, body, 0o666)
			os.WriteFile(file, []byte(h), 0o666)
		case "close":
			fmt.Fprintln(os.Stderr, "cp: gets", gets, "hits", hits, "puts", puts)
		}
		e.Encode(out)
		if r.Command == "close" {
			break
		}
	}
}
