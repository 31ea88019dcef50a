package runtime

import (
	"internal/bytealg"
	"internal/godebugs"
	"internal/runtime/atomic"
	"internal/strconv"
	"unsafe"
)

// Arguments, environment, GODEBUG.

var physPageSize uintptr = 4096

// initArgs reads what the kernel put on the initial stack: arguments, environment, auxiliary vector.
func initArgs() {
	argc, argv := rt_argv()
	word := func(i uintptr) unsafe.Pointer {
		return *(*unsafe.Pointer)(add(unsafe.Pointer(argv), i*unsafe.Sizeof(argv)))
	}
	argslice = make([]string, argc)
	for i := range argslice {
		argslice[i] = gostringnocopy((*byte)(word(uintptr(i))))
	}
	i := uintptr(argc) + 1
	envs = []string{}
	for ; word(i) != nil; i++ {
		envs = append(envs, gostringnocopy((*byte)(word(i))))
	}
	const atNull, atPagesz = 0, 6
	for i++; ; i += 2 {
		tag, val := uintptr(word(i)), uintptr(word(i+1))
		auxv = append(auxv, tag, val)
		if tag == atNull {
			break
		}
		if tag == atPagesz {
			physPageSize = val
		}
	}
}

// gogetenv is os.Getenv with the environment at start.
func gogetenv(key string) string {
	for _, s := range envs {
		if len(s) > len(key) && s[len(key)] == '=' && s[:len(key)] == key {
			return s[len(key)+1:]
		}
	}
	return ""
}

//go:linkname syscall_runtimeClearenv syscall.runtimeClearenv
func syscall_runtimeClearenv(env map[string]int) {
	if _cgo_clearenv != nil {
		cgocall(_cgo_clearenv, nil)
	}
	if _, ok := env["GODEBUG"]; ok {
		godebugEnv.Store(nil)
		godebugNotify(true)
	}
}

// debug holds the GODEBUG settings that the facade heeds.
var debug struct {
	panicnil       atomic.Int32
	cgocheck       atomic.Int32
	updatemaxprocs atomic.Int32
}

// parseDebugVars reads the settings at start: those of the build, then those of the environment.
func parseDebugVars() {
	env := gogetenv("GODEBUG")
	debug.updatemaxprocs.Store(1)
	debug.cgocheck.Store(1)
	parsegodebug(godebugDefault)
	parsegodebug(env)
	godebugEnv.Store(&env)
}

// The program ends when the environment asks for behaviour that is no longer there. The runtime's initialisers run before all others
// but those of what it imports.
func init() {
	godebugSettings(gogetenv("GODEBUG"), func(name, value string) {
		for _, info := range godebugs.Removed {
			if info.Name == name && info.Old(value) {
				fatal(`removed GODEBUG "` + name + `" set to old value "` + value + `" in environment (https://go.dev/doc/godebug#go-1` + strconv.Itoa(info.Removed) + `)`)
			}
		}
	})
}

// godebugSettings calls f with the settings of a text, in order.
func godebugSettings(s string, f func(name, value string)) {
	for s != "" {
		field := s
		if i := bytealg.IndexByteString(s, ','); i >= 0 {
			field, s = s[:i], s[i+1:]
		} else {
			s = ""
		}
		i := bytealg.IndexByteString(field, '=')
		if i < 0 {
			continue
		}
		f(field[:i], field[i+1:])
	}
}

// reparsedebugvars follows a change of GODEBUG in the environment; only some settings can change.
func reparsedebugvars(env string) {
	debug.panicnil.Store(0)
	rt_tracebacklabels(true)
	parsegodebug(godebugDefault)
	parsegodebug(env)
}

func parsegodebug(s string) {
	godebugSettings(s, func(name, value string) {
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return
		}
		switch name {
		case "panicnil":
			debug.panicnil.Store(int32(n))
		case "cgocheck":
			debug.cgocheck.Store(int32(n))
		case "updatemaxprocs":
			debug.updatemaxprocs.Store(int32(n))
		case "tracebacklabels":
			rt_tracebacklabels(n == 1)
		case "memprofilerate":
			MemProfileRate = int(n)
		}
	})
}

const osHasLowResClockInt = 0

//go:linkname fcntl
func fcntl(fd, cmd, arg int32) (int32, int32) { return rt_fcntl(fd, cmd, arg) }

// vgetrandom: the vDSO's generator is not used; callers fall back to the system call.
//
//go:linkname vgetrandom
func vgetrandom(p []byte, flags uint32) (ret int, supported bool) { return -1, false }

// Random numbers.

//go:linkname rand32
func rand32() uint32 { return uint32(rand()) }

//go:linkname randn
func randn(n uint32) uint32 { return uint32(uint64(uint32(rand())) * uint64(n) >> 32) }

//go:linkname cheaprandn
func cheaprandn(n uint32) uint32 { return uint32(uint64(cheaprand()) * uint64(n) >> 32) }

//go:linkname cheaprand64
func cheaprand64() int64 { return int64(rand() &^ (1 << 63)) }

//go:linkname maps_rand internal/runtime/maps.rand
func maps_rand() uint64 { return rand() }

//go:linkname legacy_fastrand runtime.fastrand
func legacy_fastrand() uint32 { return uint32(rand()) }

//go:linkname legacy_fastrandn runtime.fastrandn
func legacy_fastrandn(n uint32) uint32 { return randn(n) }

//go:linkname legacy_fastrand64 runtime.fastrand64
func legacy_fastrand64() uint64 { return rand() }

func atomicstorep(ptr, new unsafe.Pointer) { atomic.StorepNoWB(ptr, new) }

func atomic_casPointer(ptr *unsafe.Pointer, old, new unsafe.Pointer) bool {
	return atomic.Casp1(ptr, old, new)
}

// The table of iface.go lies in Rust's read-only data.
//
//go:linkname staticuint64s
