#define ZERO(r) XORPS r, r
