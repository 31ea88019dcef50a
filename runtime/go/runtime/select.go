package runtime

import (
	"internal/abi"
	"internal/runtime/sys"
	"unsafe"
)

// scase is a case of a select statement, laid out by the compiler.
type scase struct {
	c    *hchan
	elem unsafe.Pointer
}

// selectgo chooses a case: sends come first in the array. The second result tells whether a receive got a value.
func selectgo(cas0 *scase, order0 *uint16, nsends, nrecvs int, block bool) (int, bool) {
	if raceenabled {
		callerpc, pc := sys.GetCallerPC(), abi.FuncPCABIInternal(chansend)
		for _, cas := range unsafe.Slice(cas0, nsends) {
			if cas.c != nil {
				racereadpc(unsafe.Pointer(cas.c), callerpc, pc)
			}
		}
	}
	chosen, status := rt_selectgo(cas0, order0, nsends, nrecvs, block)
	if status < 0 {
		panic(plainError("send on closed channel"))
	}
	return chosen, status == 1
}

// block is select {}.
func block() { rt_parkforever() }

// runtimeSelect is reflect's description of a case.
type runtimeSelect struct {
	dir selectDir
	typ unsafe.Pointer
	ch  *hchan
	val unsafe.Pointer
}

type selectDir int

const (
	_ selectDir = iota
	selectSend
	selectRecv
	selectDefault
)

//go:linkname reflect_rselect reflect.rselect
func reflect_rselect(cases []runtimeSelect) (int, bool) {
	n := len(cases)
	if n == 0 {
		block()
	}
	// Sends to the front, receives behind them; index maps back.
	sel := make([]scase, n)
	index := make([]int, n)
	nsends, nrecvs, dflt := 0, 0, -1
	for i, c := range cases {
		switch c.dir {
		case selectDefault:
			dflt = i
		case selectSend:
			sel[nsends] = scase{c.ch, c.val}
			index[nsends] = i
			nsends++
		}
	}
	for i, c := range cases {
		if c.dir == selectRecv {
			sel[nsends+nrecvs] = scase{c.ch, c.val}
			index[nsends+nrecvs] = i
			nrecvs++
		}
	}
	if nsends+nrecvs == 0 {
		return dflt, false
	}
	order := make([]uint16, 2*(nsends+nrecvs))
	chosen, recvOK := selectgo(&sel[0], &order[0], nsends, nrecvs, dflt == -1)
	if chosen < 0 {
		return dflt, false
	}
	return index[chosen], recvOK
}
