// What the collector must know of frames: see liveness.cpp.
#pragma once

namespace llvm {
class AsmPrinter;
class MachineFunctionPass;
class TargetMachine;
} // namespace llvm

struct RgoLiveness;

RgoLiveness *rgo_liveness_new();
void rgo_liveness_free(RgoLiveness *);
// To run just before prologues are inserted.
llvm::MachineFunctionPass *rgo_liveness_objects(RgoLiveness *);
// To run last of all, before the printer.
llvm::MachineFunctionPass *rgo_liveness_calls(RgoLiveness *);
void rgo_liveness_print(RgoLiveness *, llvm::AsmPrinter *);
