// Options of a target machine that LLVM's C API does not have.
#include "llvm-c/TargetMachine.h"
#include "llvm/Target/TargetMachine.h"

// Jump tables and constants of each function get a section of their own, so that the linker can drop them with it.
extern "C" void rgo_section_per_function(LLVMTargetMachineRef t) {
    auto &o = reinterpret_cast<llvm::TargetMachine *>(t)->Options;
    o.FunctionSections = true;
    o.DataSections = true;
    o.UniqueSectionNames = false;
}
