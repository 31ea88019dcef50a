#!/bin/sh
# Builds and runs the hand-written programs of this folder against librgort.a (built before: cargo build --release).
set -e
cd "$(dirname "$0")"
bin=${LLVM_BIN:-/usr/lib/llvm-22/bin}
out=${TMPDIR:-/tmp}/rgo-rt-ir
mkdir -p "$out"
for f in ${*:-*.ll}; do
  n=$(basename "$f" .ll)
  "$bin/llc" -O2 -filetype=obj -relocation-model=static -enable-shrink-wrap=false "$n.ll" -o "$out/$n.o"
  "$bin/ld.lld" -static -e _start --gc-sections "$out/$n.o" ../../target/release/librgort.a -o "$out/$n"
  timeout 60 "$out/$n"
done
