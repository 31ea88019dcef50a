package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// A broken pipe behind descriptor 1 is an error, not the end, for a program that asked for SIGPIPE.
func main() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGPIPE)
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	r.Close()
	saved, _ := syscall.Dup(1)
	syscall.Dup2(int(w.Fd()), 1)
	_, err = os.Stdout.WriteString("lost")
	syscall.Dup2(saved, 1)
	fmt.Println(errors.Is(err, syscall.EPIPE), <-c)
}
