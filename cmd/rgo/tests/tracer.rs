//! A trace is one that internal/trace can put in order, and has the events that a program's doings call for.
//!
//! The program below does a bit of everything that is traced, beside a CPU profile, in several traces one after another; `go tool trace` reads each.

use std::path::PathBuf;
use std::process::Command;

const SOURCE: &str = r#"package main

import (
	"context"
	"io"
	"iter"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"syscall"
	"time"
)

type tree struct{ l, r *tree }

func grow(n int) *tree {
	if n == 0 {
		return &tree{}
	}
	return &tree{grow(n - 1), grow(n - 1)}
}

var keep *tree
var sum int

func work() {
	var wg sync.WaitGroup
	for range 3 {
		// Enough for a few collections and to be made to help.
		wg.Go(func() {
			for range 60 {
				keep = grow(13)
			}
		})
	}
	// Processor time for a few samples.
	wg.Go(func() {
		var before, now syscall.Rusage
		for syscall.Getrusage(syscall.RUSAGE_THREAD, &before); now.Utime.Nano()-before.Utime.Nano() < 60e6; syscall.Getrusage(syscall.RUSAGE_THREAD, &now) {
			runtime.LockOSThread()
			for i := range 1000000 {
				sum += i
			}
		}
	})
	c := make(chan int)
	wg.Go(func() {
		for i := range 1000 {
			c <- i
		}
		close(c)
	})
	wg.Go(func() {
		for range c {
			runtime.Gosched()
		}
	})
	wg.Go(func() {
		next, stop := iter.Pull(func(yield func(int) bool) {
			for yield(1) {
			}
		})
		for range 10 {
			next()
		}
		stop()
	})
	wg.Go(func() {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		go func() {
			c, _ := net.Dial("tcp", l.Addr().String())
			time.Sleep(time.Millisecond)
			c.Close()
		}()
		c, _ := l.Accept()
		io.ReadAll(c)
		l.Close()
	})
	wg.Go(func() {
		ctx, task := trace.NewTask(context.Background(), "errand")
		trace.WithRegion(ctx, "street", func() { trace.Log(ctx, "corner", "left") })
		task.End()
	})
	for range 5 {
		late := make(chan bool)
		go func() {
			time.Sleep(2 * time.Millisecond)
			close(late)
		}()
		<-late
	}
	var m runtime.MemStats
	buf := make([]byte, 1<<16)
	for i := range 4 {
		runtime.GOMAXPROCS(1 + i%3)
		runtime.ReadMemStats(&m)
		runtime.Stack(buf, true)
		pprof.Lookup("goroutine").WriteTo(io.Discard, 0)
		syscall.Nanosleep(&syscall.Timespec{Nsec: 1e6}, nil)
	}
	runtime.GC()
	wg.Wait()
}

func main() {
	debug.SetGCPercent(20)
	pprof.StartCPUProfile(io.Discard)
	for _, name := range os.Args[1:] {
		f, err := os.Create(name)
		if err != nil {
			panic(err)
		}
		if err := trace.Start(f); err != nil {
			panic(err)
		}
		work()
		trace.Stop()
		f.Close()
	}
	pprof.StopCPUProfile()
}
"#;

/// In the parsed form of each trace.
const WANTED: &[&str] = &[
    "StackSample ",
    "Name=\"stop-the-world (start trace)\"",
    "Name=\"stop-the-world (GC sweep termination)\"",
    "Name=\"stop-the-world (GC mark termination)\"",
    "Name=\"stop-the-world (GOMAXPROCS)\"",
    "Name=\"stop-the-world (read mem stats)\"",
    "Name=\"stop-the-world (all goroutines stack trace)\"",
    "Name=\"stop-the-world (goroutine profile)\"",
    "Name=\"GC concurrent mark phase\"",
    "Name=\"GC incremental sweep\" Scope=Proc",
    "Name=\"GC mark assist\" Scope=Goroutine",
    "Label=\"GC (",
    "Name=\"/memory/classes/heap/objects:bytes\"",
    "Name=\"/gc/heap/goal:bytes\"",
    "Name=\"/sched/gomaxprocs:threads\"",
    "Reason=\"chan send\"",
    "Reason=\"chan receive\"",
    "Reason=\"runtime.Gosched\"",
    "Reason=\"network\"",
    "Reason=\"sync\"",
    "Reason=\"sleep\"",
    "Running->Syscall",
    "Syscall->Running",
    "Running->NotExist",
    "Type=\"errand\"",
    "Type=\"street\"",
    "Category=\"corner\" Message=\"left\"",
    "main.work",
];

#[test]
fn traces_are_whole() {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("tracer");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("main.go"), SOURCE).unwrap();
    let rgo = |args: &[&str]| {
        let out = Command::new(env!("CARGO_BIN_EXE_rgo")).args(args).current_dir(&dir).env("GO111MODULE", "off").output().unwrap();
        assert!(out.status.success(), "rgo {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        out.stdout
    };
    rgo(&["build", "-o", "prog", "main.go"]);
    for period in ["1000000000", "5000000"] {
        let out = Command::new(dir.join("prog"))
            .args(["a.trace", "b.trace"])
            .current_dir(&dir)
            .env("GODEBUG", format!("traceadvanceperiod={period}"))
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        for name in ["a.trace", "b.trace"] {
            // Ends with an error where an event does not fit those before it.
            let parsed = String::from_utf8(rgo(&["tool", "trace", "-d=parsed", name])).unwrap();
            let missing: Vec<_> = WANTED.iter().filter(|w| !parsed.contains(**w)).collect();
            assert!(missing.is_empty(), "{name}, period {period}: no {missing:?}");
            let syncs = parsed.lines().filter(|l| l.contains(" Sync ")).count();
            assert!(syncs >= 2 && (period.len() > 8 || syncs > 3), "{name}: {syncs} generations");
        }
    }
}
