//go:build !race

package runtime

import "unsafe"

// The race detector is off; these satisfy references inside `if raceenabled`.

const raceenabled = false

func racereadpc(addr unsafe.Pointer, callpc, pc uintptr)                    {}
func racewritepc(addr unsafe.Pointer, callpc, pc uintptr)                   {}
func racereadrangepc(addr unsafe.Pointer, size, callpc, pc uintptr)         {}
func racewriterangepc(addr unsafe.Pointer, size, callpc, pc uintptr)        {}
func raceReadObjectPC(t *_type, addr unsafe.Pointer, callerpc, pc uintptr)  {}
func raceWriteObjectPC(t *_type, addr unsafe.Pointer, callerpc, pc uintptr) {}
func raceacquire(addr unsafe.Pointer)                                       {}
func racerelease(addr unsafe.Pointer)                                       {}
func racereleasemerge(addr unsafe.Pointer)                                  {}
func raceacquireall()                                                       {}
func racecallbegin()                                                        {}
func racecallend()                                                          {}
func racefini()                                                             {}
