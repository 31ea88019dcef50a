#include "_cgo_export.h"

int counter;

int call_back(int n) {
	int total = 0;
	goJoin("a", "bc", &total);
	return goSquare(n) * 100 + total;
}

int recurse(int n) { return goRecurse(n); }
void call_panics(int n) { goPanics(n); }
void bump(void) { counter++; }
