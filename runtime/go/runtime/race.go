//go:build race

package runtime

import (
	"internal/abi"
	"unsafe"
)

// The race detector is in Rust (runtime/rt/src/race); here are its entry points for Go code. Compiled code calls others,
// which are assembly.

const raceenabled = true

// rt_raceaccess is an access to memory by the function that begins at pc and returns to callerpc. 0: by the caller of the
// runtime, wherever that is.
func rt_raceaccess(addr unsafe.Pointer, size uintptr, write bool, callerpc, pc uintptr)

// rt_raceedge: kind 0 acquires what was released at addr, 1 releases, 2 adds to what was released, 3 does 1 and 0 at once.
func rt_raceedge(addr unsafe.Pointer, kind uintptr)

// rt_raceacquireall: the goroutine has seen all that happened.
func rt_raceacquireall()

// rt_racecall begins or ends a call that is not ordered with what this goroutine did before, or does afterwards.
func rt_racecall(begin bool)

// rt_raceignore changes how often RaceDisable is in effect.
func rt_raceignore(delta int32)

func rt_raceerrors() uint64

// rt_racefini says how many races there were, and returns the exit status.
func rt_racefini() int32

const (
	raceAcquire = iota
	raceRelease
	raceReleaseMerge
)

func racereadpc(addr unsafe.Pointer, callpc, pc uintptr)  { rt_raceaccess(addr, 1, false, callpc, pc) }
func racewritepc(addr unsafe.Pointer, callpc, pc uintptr) { rt_raceaccess(addr, 1, true, callpc, pc) }

func racereadrangepc(addr unsafe.Pointer, size, callpc, pc uintptr) {
	rt_raceaccess(addr, size, false, callpc, pc)
}

func racewriterangepc(addr unsafe.Pointer, size, callpc, pc uintptr) {
	rt_raceaccess(addr, size, true, callpc, pc)
}

func raceReadObjectPC(t *_type, addr unsafe.Pointer, callerpc, pc uintptr) {
	rt_raceaccess(addr, t.Size_, false, callerpc, pc)
}

func raceWriteObjectPC(t *_type, addr unsafe.Pointer, callerpc, pc uintptr) {
	rt_raceaccess(addr, t.Size_, true, callerpc, pc)
}

func raceacquire(addr unsafe.Pointer)      { rt_raceedge(addr, raceAcquire) }
func racerelease(addr unsafe.Pointer)      { rt_raceedge(addr, raceRelease) }
func racereleasemerge(addr unsafe.Pointer) { rt_raceedge(addr, raceReleaseMerge) }

func raceacquireall() { rt_raceacquireall() }

// racecallbegin and racecallend bracket a cleanup, which is not ordered with other cleanups of the same collection.
// racecallend also follows the call of a timer of a bubble.
func racecallbegin() { rt_racecall(true) }
func racecallend()   { rt_racecall(false) }

// racefini ends the process.
func racefini() { exit(rt_racefini()) }

// The public interface.

// RaceRead tells the race detector of a read of the byte at addr.
func RaceRead(addr unsafe.Pointer) { rt_raceaccess(addr, 1, false, 0, 0) }

// RaceWrite tells the race detector of a write of the byte at addr.
func RaceWrite(addr unsafe.Pointer) { rt_raceaccess(addr, 1, true, 0, 0) }

// RaceReadRange tells the race detector of a read of len bytes at addr.
func RaceReadRange(addr unsafe.Pointer, len int) { rt_raceaccess(addr, uintptr(len), false, 0, 0) }

// RaceWriteRange tells the race detector of a write of len bytes at addr.
func RaceWriteRange(addr unsafe.Pointer, len int) { rt_raceaccess(addr, uintptr(len), true, 0, 0) }

// RaceErrors returns the number of races reported so far.
func RaceErrors() int { return int(rt_raceerrors()) }

// RaceAcquire makes what happened before the last RaceRelease on addr, and before each RaceReleaseMerge after that, happen
// before what follows.
func RaceAcquire(addr unsafe.Pointer) { raceacquire(addr) }

// RaceRelease makes what happened so far happen before what follows a later RaceAcquire on addr.
func RaceRelease(addr unsafe.Pointer) { racerelease(addr) }

// RaceReleaseMerge is like RaceRelease, and leaves in effect what was released on addr before.
func RaceReleaseMerge(addr unsafe.Pointer) { racereleasemerge(addr) }

// RaceDisable makes the race detector ignore synchronization in the current goroutine, until RaceEnable is called as often.
// Accesses to memory still count.
func RaceDisable() { rt_raceignore(1) }

// RaceEnable undoes RaceDisable.
func RaceEnable() { rt_raceignore(-1) }

// The same for the standard library.

//go:linkname race_Read internal/race.Read
func race_Read(addr unsafe.Pointer) { rt_raceaccess(addr, 1, false, 0, 0) }

//go:linkname race_Write internal/race.Write
func race_Write(addr unsafe.Pointer) { rt_raceaccess(addr, 1, true, 0, 0) }

//go:linkname race_ReadRange internal/race.ReadRange
func race_ReadRange(addr unsafe.Pointer, len int) { rt_raceaccess(addr, uintptr(len), false, 0, 0) }

//go:linkname race_WriteRange internal/race.WriteRange
func race_WriteRange(addr unsafe.Pointer, len int) { rt_raceaccess(addr, uintptr(len), true, 0, 0) }

//go:linkname race_ReadPC internal/race.ReadPC
func race_ReadPC(addr unsafe.Pointer, callerpc, pc uintptr) { racereadpc(addr, callerpc, pc) }

//go:linkname race_WritePC internal/race.WritePC
func race_WritePC(addr unsafe.Pointer, callerpc, pc uintptr) { racewritepc(addr, callerpc, pc) }

//go:linkname race_ReadObjectPC internal/race.ReadObjectPC
func race_ReadObjectPC(t *abi.Type, addr unsafe.Pointer, callerpc, pc uintptr) {
	raceReadObjectPC(t, addr, callerpc, pc)
}

//go:linkname race_WriteObjectPC internal/race.WriteObjectPC
func race_WriteObjectPC(t *abi.Type, addr unsafe.Pointer, callerpc, pc uintptr) {
	raceWriteObjectPC(t, addr, callerpc, pc)
}

//go:linkname race_Errors internal/race.Errors
func race_Errors() int { return RaceErrors() }

//go:linkname race_Acquire internal/race.Acquire
func race_Acquire(addr unsafe.Pointer) { raceacquire(addr) }

//go:linkname race_Release internal/race.Release
func race_Release(addr unsafe.Pointer) { racerelease(addr) }

//go:linkname race_ReleaseMerge internal/race.ReleaseMerge
func race_ReleaseMerge(addr unsafe.Pointer) { racereleasemerge(addr) }

//go:linkname race_Disable internal/race.Disable
func race_Disable() { rt_raceignore(1) }

//go:linkname race_Enable internal/race.Enable
func race_Enable() { rt_raceignore(-1) }
