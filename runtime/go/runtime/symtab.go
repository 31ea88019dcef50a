package runtime

import (
	"internal/bytealg"
	"unsafe"
)

// Callers, frames and functions over the tables that Rust reads. Addresses handed to programs are return addresses;
// a logical frame that was inlined away has a virtual address of its own. All of them survive `pc - 1`.

// callers stores the return addresses of the callers; skip 0 is the caller of callers.
//
//go:linkname callers
func callers(skip int, pcbuf []uintptr) int {
	if len(pcbuf) == 0 {
		return 0
	}
	return rt_callers(skip+1, &pcbuf[0], len(pcbuf))
}

// Frames may be used to get function/file/line information for a slice of PC values returned by Callers.
type Frames struct {
	callers []uintptr
	next    Frame // found already, if ahead
	ahead   bool
	inC     []Frame // frames of C code for the last address that come next
}

// Frame is the information returned by Frames for each call frame.
type Frame struct {
	// PC is the program counter for the location in this frame. For a frame that calls another frame, this is the program
	// counter of a call instruction. Because of inlining, multiple frames may have the same PC value, but different
	// symbolic information.
	PC uintptr

	// Func is the Func value of this call frame. It may be nil for non-Go code or fully inlined functions.
	Func *Func

	// Function is the package path-qualified function name of this call frame. If non-empty, this string uniquely
	// identifies a single function in the program. It may be the empty string if not known. If Func is not nil then
	// Function == Func.Name().
	Function string

	// File and Line are the file name and line number of the location in this frame. For non-leaf frames, this is the
	// location of a call. They may be the empty string and zero, respectively, if not known. The file name uses forward
	// slashes, even on Windows.
	File string
	Line int

	startLine int

	// Entry is the entry point program counter for the function; it may be zero if not known. If Func is not nil then
	// Entry == Func.Entry().
	Entry uintptr

	symbol string // name with the type arguments of an instance
}

// CallersFrames takes a slice of PC values returned by Callers and prepares to return function/file/line information. Do
// not change the slice until you are done with the Frames.
func CallersFrames(callers []uintptr) *Frames { return &Frames{callers: callers} }

// Next returns a Frame representing the next call frame in the slice of PC values. If it has already returned all call
// frames, Next returns a zero Frame.
//
// The more result indicates whether the next call to Next will return a valid Frame. It does not necessarily indicate
// whether this call returned one.
func (ci *Frames) Next() (frame Frame, more bool) {
	if !ci.ahead {
		ci.advance()
	}
	if !ci.ahead {
		return Frame{}, false
	}
	frame = ci.next
	ci.advance()
	return frame, ci.ahead
}

// advance finds the next frame and sets ci.ahead.
func (ci *Frames) advance() {
	ci.ahead = false
	if len(ci.inC) > 0 {
		ci.next, ci.ahead = ci.inC[0], true
		ci.inC = ci.inC[1:]
		return
	}
	for len(ci.callers) > 0 {
		pc := ci.callers[0]
		ci.callers = ci.callers[1:]
		s, ok := lookupReturn(&pc)
		if !ok {
			if cgoSymbolizer != nil {
				if list := cgoFrames(pc); len(list) > 0 {
					ci.next, ci.ahead = list[0], true
					ci.inC = list[1:]
					return
				}
			}
			continue
		}
		f := Frame{
			PC:        s.pc,
			Function:  funcNameForPrint(s.name),
			File:      s.file,
			Line:      int(s.line),
			startLine: int(s.startLine),
			Entry:     s.entry,
			symbol:    s.name,
		}
		if !s.inlined {
			f.Func = newFunc(&s)
		}
		ci.next, ci.ahead = f, true
		return
	}
}

// lookupReturn finds the call before the return address *pc and moves *pc into it. An address that starts a function is
// taken as it is: code generation puts an instruction behind calls that do not return.
func lookupReturn(pc *uintptr) (s symInfo, ok bool) {
	if !rt_symbolize(*pc, &s) {
		return s, false
	}
	if *pc > s.entry {
		*pc--
		ok = rt_symbolize(*pc, &s)
	}
	return s, ok || *pc == s.entry
}

// A Func represents a Go function in the running binary.
type Func struct {
	sym symInfo
}

var funcs struct {
	lock mutex
	m    map[uintptr]*Func // by entry; functions that are not inlined
}

// newFunc gives the one Func of a function.
func newFunc(s *symInfo) *Func {
	if s.inlined {
		return &Func{*s}
	}
	lock(&funcs.lock)
	f := funcs.m[s.entry]
	if f == nil {
		if funcs.m == nil {
			funcs.m = make(map[uintptr]*Func)
		}
		f = &Func{*s}
		f.sym.name = s.funcName
		funcs.m[s.entry] = f
	}
	unlock(&funcs.lock)
	return f
}

// FuncForPC returns a *Func describing the function that contains the given program counter address, or else nil.
//
// If pc represents multiple functions because of inlining, it returns the *Func describing the innermost function, but with
// an entry of the outermost function.
//
//go:linkname FuncForPC
func FuncForPC(pc uintptr) *Func {
	var s symInfo
	if !rt_symbolize(pc, &s) {
		return nil
	}
	return newFunc(&s)
}

// Name returns the name of the function.
func (f *Func) Name() string {
	if f == nil {
		return ""
	}
	return funcNameForPrint(f.sym.name)
}

// Entry returns the entry address of the function.
func (f *Func) Entry() uintptr { return f.sym.entry }

// FileLine returns the file name and line number of the source code corresponding to the program counter pc. The result
// will not be accurate if pc is not a program counter within f.
func (f *Func) FileLine(pc uintptr) (file string, line int) {
	if f.sym.inlined {
		return f.sym.file, int(f.sym.line)
	}
	var s symInfo
	if !rt_symbolize(pc, &s) {
		return "?", 0
	}
	return s.file, int(s.line)
}

// funcNameForPrint shortens the type arguments in the name of an instance.
func funcNameForPrint(name string) string {
	i := bytealg.IndexByteString(name, '[')
	if i < 0 {
		return name
	}
	j := len(name) - 1
	for name[j] != ']' {
		if j--; j <= i {
			return name
		}
	}
	return name[:i] + "[...]" + name[j+1:]
}

// funcInfo, findfunc and funcname are for error.go.
type funcInfo struct {
	name string
}

func findfunc(pc uintptr) funcInfo {
	s, _ := lookupReturn(&pc)
	return funcInfo{s.name}
}

func funcname(f funcInfo) string { return f.name }

// Stack formats a stack trace of the calling goroutine into buf and returns the number of bytes written to buf. If all is
// true, Stack formats stack traces of all other goroutines into buf after the trace for the current goroutine.
func Stack(buf []byte, all bool) int {
	if len(buf) == 0 {
		return 0
	}
	if all {
		rt_stopworld(stopAllStacks)
	}
	n := rt_stack(unsafe.SliceData(buf), len(buf), all)
	if all {
		rt_startworld()
	}
	return n
}

//go:linkname runtime_FrameStartLine runtime/pprof.runtime_FrameStartLine
func runtime_FrameStartLine(f *Frame) int { return f.startLine }

//go:linkname runtime_FrameSymbolName runtime/pprof.runtime_FrameSymbolName
func runtime_FrameSymbolName(f *Frame) string { return f.symbol }

// runtime_expandFinalInlineFrame adds the frames that the last one of a cut stack is inlined into.
//
//go:linkname runtime_expandFinalInlineFrame runtime/pprof.runtime_expandFinalInlineFrame
func runtime_expandFinalInlineFrame(stk []uintptr) []uintptr {
	if len(stk) == 0 {
		return stk
	}
	var buf [32]uintptr
	n := rt_inlinedinto(stk[len(stk)-1], &buf[0], len(buf))
	return append(stk[:len(stk):len(stk)], buf[:n]...)
}

//go:linkname pprof_fpunwindExpand
func pprof_fpunwindExpand(dst, src []uintptr) int { return copy(dst, src) }

//go:linkname pprof_makeProfStack
func pprof_makeProfStack() []uintptr { return make([]uintptr, maxProfStack) }

const maxProfStack = 128
