package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// A panic in an initialiser: the whole trace.

var x = f()

func f() int {
	if os.Getenv("CHILD") == "var" {
		panic("in a variable")
	}
	return 1
}

func init() {
	if os.Getenv("CHILD") == "init" {
		panic("in init")
	}
}

func main() {
	for _, c := range []string{"var", "init"} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "CHILD="+c)
		out, err := cmd.CombinedOutput()
		for _, l := range strings.Split(string(out), "\n") {
			if !strings.HasPrefix(l, "\t") {
				fmt.Println(strings.ReplaceAll(l, "(...)", "()"))
			}
		}
		fmt.Println(err)
	}
}
