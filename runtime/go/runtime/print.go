package runtime

import (
	"internal/runtime/atomic"
	"internal/strconv"
	"unsafe"
)

// The builtin print and println: the compiler emits one call per operand between printlock and printunlock.

// The compiler prints values of type hex in hexadecimal, of type quoted with quotes.
type hex uint64

type quoted string

var printLock struct {
	mutex mutex
	owner atomic.UnsafePointer // *g
	depth int
}

// printlock may be taken again by its owner: printing a value may print others.
func printlock() {
	gp := unsafe.Pointer(getg())
	if printLock.owner.Load() == gp {
		printLock.depth++
		return
	}
	lock(&printLock.mutex)
	printLock.owner.StoreNoWB(gp)
}

func printunlock() {
	if printLock.depth > 0 {
		printLock.depth--
		return
	}
	printLock.owner.StoreNoWB(nil)
	unlock(&printLock.mutex)
}

func gwrite(b []byte) {
	if len(b) != 0 {
		writeErr(b)
	}
}

func printstring(s string) { gwrite(unsafe.Slice(unsafe.StringData(s), len(s))) }

func printsp() { printstring(" ") }

func printnl() { printstring("\n") }

func printbool(v bool) {
	if v {
		printstring("true")
	} else {
		printstring("false")
	}
}

func printfloat64(v float64) {
	var buf [32]byte
	gwrite(strconv.AppendFloat(buf[:0], v, 'g', -1, 64))
}

func printfloat32(v float32) {
	var buf [32]byte
	gwrite(strconv.AppendFloat(buf[:0], float64(v), 'g', -1, 32))
}

func printcomplex128(c complex128) {
	var buf [64]byte
	gwrite(strconv.AppendComplex(buf[:0], c, 'g', -1, 128))
}

func printcomplex64(c complex64) {
	var buf [64]byte
	gwrite(strconv.AppendComplex(buf[:0], complex128(c), 'g', -1, 64))
}

func printuint(v uint64) {
	var buf [20]byte
	gwrite(itoa(buf[:], v))
}

func printint(v int64) {
	if v < 0 {
		printstring("-")
		v = -v
	}
	printuint(uint64(v))
}

// appendHex appends v with at least width digits.
func appendHex(b []byte, v uint64, width int) []byte {
	const digits = "0123456789abcdef"
	n := width
	for n < 16 && v>>(4*uint(n)) != 0 {
		n++
	}
	for n > 0 {
		n--
		b = append(b, digits[v>>(4*uint(n))&15])
	}
	return b
}

func printhex(v uint64) {
	var buf [20]byte
	gwrite(appendHex(append(buf[:0], "0x"...), v, 1))
}

// printquoted prints s in quotes; all but printable ASCII is escaped.
func printquoted(s string) {
	var buf [16]byte
	printlock()
	printstring(`"`)
	for i, r := range s {
		b := buf[:0]
		switch {
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r == '\\' || r == '"':
			b = append(b, '\\', byte(r))
		case r == runeError && invalidAt(s, i):
			b = appendHex(append(b, `\x`...), uint64(s[i]), 2)
		case ' ' <= r && r <= '~':
			b = append(b, byte(r))
		case r < 0x7f:
			b = appendHex(append(b, `\x`...), uint64(r), 2)
		case r < 0x10000:
			b = appendHex(append(b, `\u`...), uint64(r), 4)
		default:
			b = appendHex(append(b, `\U`...), uint64(r), 8)
		}
		gwrite(b)
	}
	printstring(`"`)
	printunlock()
}

// invalidAt reports that s[i:] starts with a byte that is no UTF-8 (not with an encoded U+FFFD).
func invalidAt(s string, i int) bool {
	_, next := decoderune(s, uint(i))
	return next == uint(i)+1
}

func printpointer(p unsafe.Pointer) { printhex(uint64(uintptr(p))) }

func printuintptr(p uintptr) { printhex(uint64(p)) }

func printslice(s []byte) {
	print("[", len(s), "/", cap(s), "]")
	printpointer(unsafe.Pointer(unsafe.SliceData(s)))
}

func printeface(e eface) { print("(", e._type, ",", e.data, ")") }

func printiface(i iface) { print("(", i.tab, ",", i.data, ")") }
