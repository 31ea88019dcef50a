// What LLVM's C interface has no names for: function pipelines chosen by function, and a code generator without the passes that
// never find anything in Go code. Texts of errors belong to the caller (free).
#include "llvm-c/Core.h"
#include "llvm-c/TargetMachine.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Analysis/CGSCCPassManager.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/IPO/Inliner.h"
#include <cstring>

using namespace llvm;

namespace {

// Runs one of two pipelines on a function, or none on one that is not to be optimised.
class ByLoops : public PassInfoMixin<ByLoops> {
    FunctionPassManager Loops, Plain;

public:
    ByLoops(FunctionPassManager Loops, FunctionPassManager Plain) : Loops(std::move(Loops)), Plain(std::move(Plain)) {}

    PreservedAnalyses run(Function &F, FunctionAnalysisManager &AM) {
        if (F.hasOptNone())
            return PreservedAnalyses::all();
        return AM.getResult<LoopAnalysis>(F).empty() ? Plain.run(F, AM) : Loops.run(F, AM);
    }
    static bool isRequired() { return true; }
};

// Passes of the code generator that have nothing to do here: other targets' and other languages' business, hardening that is off,
// AMX, variables in debug information (there are line tables only). Together they take a tenth of its time.
bool unneeded(StringRef Name) {
    return StringSwitch<bool>(Name)
        .Cases({"Lower AMX intrinsics", "Lower AMX type for load/store", "Tile Register Pre-configure", "X86 Lower Tile Copy"}, true)
        .Cases({"Lower Garbage Collection Instructions", "Shadow Stack GC Lowering", "Analyze Machine Code For Garbage Collection",
                "Fixup Statepoint Caller Saved", "StackMap Liveness Analysis"},
               true)
        .Cases({"Replace intrinsics with calls to vector library", "Partially inline calls to library functions", "ObjC ARC contraction",
                "Instrument function entry/exit with calls to e.g. mcount() (post inlining)", "Expand indirectbr instructions",
                "Prepare callbr", "Safe Stack instrumentation pass"},
               true)
        .Cases({"Local Dynamic TLS Access Clean-up", "X86 PIC Global Base Reg Initialization", "Argument Stack Rebase",
                "X86 Domain Reassignment Pass", "X86 Suppress APX features for relocation", "X86 DynAlloca Expander"},
               true)
        .Cases({"X86 speculative load hardening", "X86 Load Value Injection (LVI) Load Hardening",
                "X86 Load Value Injection (LVI) Ret-Hardening", "X86 Indirect Branch Tracking",
                "X86 Speculative Execution Side Effect Suppression", "X86 Return Thunks", "Insert KCFI indirect call checks"},
               true)
        .Cases({"Insert fentry calls", "Insert XRay ops", "Implement the 'patchable-function' attribute", "Pseudo Probe Inserter",
                "Machine Sanitizer Binary Metadata", "Contiguously Lay Out Funclets", "Stack Frame Layout Analysis"},
               true)
        .Cases({"Live DEBUG_VALUE analysis", "Remove Redundant DEBUG_VALUE analysis"}, true)
        .Default(false);
}

class CodegenPasses : public legacy::PassManager {
public:
    void add(Pass *P) override {
        // Whoever adds a pass may not use it afterwards: the manager may have found it redundant.
        if (unneeded(P->getPassName()))
            delete P;
        else
            legacy::PassManager::add(P);
    }
};

char *text(const std::string &S) { return strdup(S.c_str()); }

} // namespace

// Pipelines, as in `opt -passes=function(...)`; null means none.
struct RgoPipelines {
    const char *early;
    const char *scc;
    const char *loops;
    const char *plain;
    bool inlining;
};

extern "C" char *rgo_llvm_optimize(LLVMModuleRef M, LLVMTargetMachineRef T, const RgoPipelines *P) {
    PassBuilder PB(reinterpret_cast<TargetMachine *>(T));
    LoopAnalysisManager LAM;
    FunctionAnalysisManager FAM;
    CGSCCAnalysisManager CGAM;
    ModuleAnalysisManager MAM;
    PB.registerLoopAnalyses(LAM);
    PB.registerFunctionAnalyses(FAM);
    PB.registerCGSCCAnalyses(CGAM);
    PB.registerModuleAnalyses(MAM);
    PB.crossRegisterProxies(LAM, FAM, CGAM, MAM);

    std::string Wrong;
    auto Parse = [&](const char *Text) {
        FunctionPassManager FPM;
        if (Text && *Text)
            if (Error E = PB.parsePassPipeline(FPM, Text))
                Wrong = toString(std::move(E));
        return FPM;
    };
    ModulePassManager MPM;
    MPM.addPass(createModuleToFunctionPassAdaptor(Parse(P->early), true));
    if (P->inlining) {
        CGSCCPassManager CGPM;
        CGPM.addPass(InlinerPass());
        CGPM.addPass(createCGSCCToFunctionPassAdaptor(Parse(P->scc), true));
        MPM.addPass(createModuleToPostOrderCGSCCPassAdaptor(std::move(CGPM)));
        MPM.addPass(createModuleToFunctionPassAdaptor(ByLoops(Parse(P->loops), Parse(P->plain)), true));
    }
    MPM.addPass(GlobalDCEPass());
    if (!Wrong.empty())
        return text(Wrong);
    MPM.run(*unwrap(M), MAM);
    return nullptr;
}

extern "C" char *rgo_llvm_emit(LLVMModuleRef M, LLVMTargetMachineRef T, LLVMMemoryBufferRef *Out) {
    TargetMachine *TM = reinterpret_cast<TargetMachine *>(T);
    SmallVector<char, 0> Bytes;
    {
        raw_svector_ostream OS(Bytes);
        CodegenPasses PM;
        if (TM->addPassesToEmitFile(PM, OS, nullptr, CodeGenFileType::ObjectFile))
            return text("the target emits no object files");
        PM.run(*unwrap(M));
    }
    *Out = wrap(new SmallVectorMemoryBuffer(std::move(Bytes), /*RequiresNullTerminator=*/false));
    return nullptr;
}
