//! Symbols that Go code finds here, one file per subject. `rt.S`: called on g0 through rt_call; `rt1.S`: a short leaf on
//! the goroutine's own stack.
mod bignum;
mod bytealg;
mod cgo;
mod chan;
mod crypto;
mod mem;
mod poll;
mod proc;
mod prof;
mod sema;
mod signal;
mod synctest;
mod sys;
mod time;
mod trace;
mod tracer;
