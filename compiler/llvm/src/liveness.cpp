// Which words of a frame, and which callee-saved registers, hold something that is still needed at each call.
//
// The collector takes every live word for a pointer, whatever its type (runtime-design 3.4); this tells it which words are alive, so that
// stale ones keep nothing. Three kinds of memory in a frame:
// - *plain* objects, spill slots and variables that are only read and written in place: alive where a path leads to a read that no
//   store precedes;
// - *open* objects, whose address some instruction computes: alive from the first such instruction on any path to the end;
// - saved registers: their values belong to the callers, the walker knows where they are (`heap/frames.rs` of the runtime).
// What an object is is seen before prologues are inserted, while operands name objects. Liveness is computed on the final instructions,
// when no pass will move anything any more, by plain data flow over them: no flag or list that earlier passes keep up to date is believed. Whatever
// is not understood makes the function opaque (no record; its frames are scanned whole), or counts as a read.
//
// Records go to the section `.rgo.frames` (excluded from linking), which `sidecar.rs` reads.
#include "liveness.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/CodeGen/AsmPrinter.h"
#include "llvm/CodeGen/AsmPrinterHandler.h"
#include "llvm/CodeGen/MachineBasicBlock.h"
#include "llvm/CodeGen/MachineFrameInfo.h"
#include "llvm/CodeGen/MachineFunction.h"
#include "llvm/CodeGen/MachineFunctionPass.h"
#include "llvm/CodeGen/MachineInstr.h"
#include "llvm/CodeGen/MachineMemOperand.h"
#include "llvm/CodeGen/TargetFrameLowering.h"
#include "llvm/CodeGen/TargetInstrInfo.h"
#include "llvm/CodeGen/TargetRegisterInfo.h"
#include "llvm/CodeGen/TargetSubtargetInfo.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCSectionELF.h"
#include "llvm/MC/MCStreamer.h"
#include "llvm/MC/MCSymbol.h"
#include <map>
#include <mutex>
#include <string>
#include <vector>

using namespace llvm;

namespace {

// Callee-saved registers in the order in which prologues push them, from the frame pointer down.
const char *const SavedNames[] = {"R15", "R14", "R13", "R12", "RBX"};
const char *const SavedHalves[] = {"R15D", "R14D", "R13D", "R12D", "EBX"};
constexpr unsigned NSaved = 5;

// Facts about the target, by register and opcode number.
struct Target {
    std::vector<uint8_t> Reg;    // 0, or 1 + index of the saved register that it is part of
    std::vector<uint8_t> Whole;  // a definition of it leaves nothing of that register
    std::vector<uint8_t> Stores; // bytes that an opcode stores, doing nothing else
    std::vector<uint8_t> Lea;
    unsigned SP = 0, FP = 0, Flags = 0;

    Target(const TargetRegisterInfo &TRI, const TargetInstrInfo &TII) {
        unsigned N = TRI.getNumRegs();
        Reg.assign(N, 0);
        Whole.assign(N, 0);
        auto Find = [&](StringRef Name) {
            for (unsigned R = 1; R < N; R++)
                if (Name == TRI.getName(R))
                    return R;
            report_fatal_error("internal compiler error: no such register");
        };
        for (unsigned I = 0; I < NSaved; I++) {
            unsigned Top = Find(SavedNames[I]);
            for (unsigned R = 1; R < N; R++)
                if (TRI.regsOverlap(R, Top))
                    Reg[R] = I + 1;
            Whole[Top] = Whole[Find(SavedHalves[I])] = 1;
        }
        SP = Find("RSP");
        FP = Find("RBP");
        Flags = Find("EFLAGS");
        Stores.assign(TII.getNumOpcodes(), 0);
        Lea.assign(TII.getNumOpcodes(), 0);
        for (unsigned O = 0; O < TII.getNumOpcodes(); O++) {
            StringRef Name = TII.getName(O);
            if (Name == "MOV64mr" || Name == "MOV64mi32" || Name == "MOVSDmr" || Name == "MOVPQI2QImr")
                Stores[O] = 8;
            else if (Name == "MOV32mr" || Name == "MOV32mi" || Name == "MOVSSmr")
                Stores[O] = 4;
            else if (Name == "MOV16mr" || Name == "MOV16mi")
                Stores[O] = 2;
            else if (Name == "MOV8mr" || Name == "MOV8mi")
                Stores[O] = 1;
            else if (Name == "MOVAPSmr" || Name == "MOVUPSmr" || Name == "MOVAPDmr" || Name == "MOVUPDmr" || Name == "MOVDQAmr" || Name == "MOVDQUmr")
                Stores[O] = 16;
            else if (Name == "LEA64r" || Name == "LEA32r" || Name == "LEA64_32r" || Name == "LEA16r")
                Lea[O] = 1;
        }
    }
};

// The target is always the same one.
const Target &target(const MachineFunction &MF) {
    static std::once_flag Once;
    static Target *T;
    std::call_once(Once, [&] { T = new Target(*MF.getSubtarget().getRegisterInfo(), *MF.getSubtarget().getInstrInfo()); });
    return *T;
}

// Larger objects are not followed word by word.
constexpr int64_t PlainMax = 512;

struct Shape {
    std::vector<bool> Plain; // by frame index
    // Some reference to an object names a place outside of it: references do not tell which object they are to.
    bool Wild = false;
};

struct Site {
    MCSymbol *After;
    uint8_t Regs;
    std::vector<uint64_t> Words;
};

struct Frame {
    uint8_t Saved = 0;
    unsigned Words = 0;
    std::vector<Site> Sites;
};

} // namespace

struct RgoLiveness {
    DenseMap<unsigned, Shape> Shapes;
    DenseMap<unsigned, Frame> Frames;
};

namespace {

// Index of the base register of the memory operand that operand I is the base of.
bool isMemory(const MachineInstr &MI, unsigned I) {
    return I + 4 < MI.getNumOperands() && MI.getOperand(I + 1).isImm() && MI.getOperand(I + 2).isReg() && MI.getOperand(I + 3).isImm() &&
           MI.getOperand(I + 4).isReg();
}

class Objects : public MachineFunctionPass {
    RgoLiveness &L;

public:
    static char ID;
    Objects(RgoLiveness &L) : MachineFunctionPass(ID), L(L) {}
    StringRef getPassName() const override { return "rgo frame objects"; }
    void getAnalysisUsage(AnalysisUsage &AU) const override {
        AU.setPreservesAll();
        MachineFunctionPass::getAnalysisUsage(AU);
    }

    bool runOnMachineFunction(MachineFunction &MF) override {
        const Target &T = target(MF);
        const MachineFrameInfo &MFI = MF.getFrameInfo();
        int N = MFI.getObjectIndexEnd();
        Shape S;
        S.Plain.assign(N, true);
        for (int FI = 0; FI < N; FI++)
            if (MFI.isDeadObjectIndex(FI) || MFI.isVariableSizedObjectIndex(FI) || MFI.getObjectSize(FI) > PlainMax)
                S.Plain[FI] = false;
        for (const MachineBasicBlock &MBB : MF)
            for (const MachineInstr &MI : MBB) {
                if (MI.isDebugInstr() || MI.getOpcode() == TargetOpcode::LIFETIME_START || MI.getOpcode() == TargetOpcode::LIFETIME_END)
                    continue;
                for (unsigned I = 0, E = MI.getNumOperands(); I < E; I++) {
                    if (!MI.getOperand(I).isFI() || MI.getOperand(I).getIndex() < 0)
                        continue;
                    int FI = MI.getOperand(I).getIndex();
                    bool Memory = isMemory(MI, I);
                    int64_t At = Memory ? MI.getOperand(I + 3).getImm() : -1;
                    bool Inside = At >= 0 && At < (int64_t)MFI.getObjectSize(FI);
                    if (!Inside)
                        S.Wild = true;
                    if (!Inside || !MI.mayLoadOrStore() || MI.isInlineAsm() || MI.isCall() || T.Lea[MI.getOpcode()] || MI.getOperand(I + 1).getImm() != 1 ||
                        MI.getOperand(I + 2).getReg() || MI.getOperand(I + 4).getReg())
                        S.Plain[FI] = false;
                }
            }
        L.Shapes[MF.getFunctionNumber()] = std::move(S);
        return false;
    }
};
char Objects::ID;

struct Object {
    int64_t Lo, Hi; // relative to the frame pointer
    unsigned Bit;   // first of a plain object's bits, one for each started 8 bytes; an open object's only one
};

// Follows one function.
class Flow {
    MachineFunction &MF;
    const Target &T;
    const MachineFrameInfo &MFI;
    const TargetRegisterInfo &TRI;
    int64_t SPOffset; // sp - fp
    std::vector<Object> Plain, Open;
    bool Wild = false;
    bool Opaque = false;
    unsigned PlainBits = NSaved, OpenBits = 0;
    using Bits = std::vector<uint64_t>;

    static void set(Bits &B, unsigned I) { B[I / 64] |= 1ull << I % 64; }
    static bool test(const Bits &B, unsigned I) { return B[I / 64] >> I % 64 & 1; }

public:
    Frame Out;

    Flow(MachineFunction &MF) : MF(MF), T(target(MF)), MFI(MF.getFrameInfo()), TRI(*MF.getSubtarget().getRegisterInfo()) {
        SPOffset = 8 - (int64_t)MFI.getStackSize();
    }

    // Frame and objects; false for frames that are not of the usual form.
    bool layout(const Shape &S) {
        if (!MF.getSubtarget().getFrameLowering()->hasFP(MF) || TRI.hasStackRealignment(MF) || MFI.hasVarSizedObjects() || MF.hasEHFunclets() ||
            MF.exposesReturnsTwice() || SPOffset > 0 || MFI.getStackSize() % 8)
            return false;
        int64_t N = 0;
        std::vector<std::pair<int64_t, unsigned>> Saved;
        for (const CalleeSavedInfo &I : MFI.getCalleeSavedInfo()) {
            unsigned R = I.getReg();
            if (R == T.FP)
                continue;
            if (I.isSpilledToReg() || !T.Reg[R] || R >= T.Whole.size() || !T.Whole[R])
                return false;
            Saved.push_back({-(MFI.getObjectOffset(I.getFrameIdx()) + 16), T.Reg[R] - 1});
        }
        llvm::sort(Saved);
        int Last = -1;
        for (auto [At, R] : Saved) {
            N += 8;
            if (At != N || (int)R <= Last)
                return false;
            Last = R;
            Out.Saved |= 1 << R;
        }
        int64_t Words = -SPOffset - N;
        if (Words < 0)
            return false;
        Out.Words = Words / 8;
        for (int FI = 0, E = MFI.getObjectIndexEnd(); FI < E; FI++) {
            if (MFI.isDeadObjectIndex(FI) || MFI.getObjectSize(FI) == 0)
                continue;
            bool Saves = false;
            for (const CalleeSavedInfo &I : MFI.getCalleeSavedInfo())
                Saves |= I.getFrameIdx() == FI;
            if (Saves)
                continue;
            if (MFI.getStackID(FI) != TargetStackID::Default)
                return false;
            Object O;
            O.Lo = MFI.getObjectOffset(FI) + 16;
            O.Hi = O.Lo + MFI.getObjectSize(FI);
            if (O.Lo < SPOffset || O.Hi > -N)
                return false;
            if (FI < (int)S.Plain.size() && S.Plain[FI]) {
                O.Bit = PlainBits;
                PlainBits += (O.Hi - O.Lo + 7) / 8;
                Plain.push_back(O);
            } else {
                O.Bit = OpenBits++;
                Open.push_back(O);
            }
        }
        Wild = S.Wild;
        auto ByPlace = [](const Object &A, const Object &B) { return A.Lo < B.Lo; };
        llvm::sort(Plain, ByPlace);
        llvm::sort(Open, ByPlace);
        // Objects that share memory are none of what was assumed above.
        for (const std::vector<Object> *V : {&Plain, &Open})
            for (size_t I = 1; I < V->size(); I++)
                if ((*V)[I].Lo < (*V)[I - 1].Hi)
                    return false;
        size_t K = 0;
        for (const Object &O : Open) {
            while (K < Plain.size() && Plain[K].Hi <= O.Lo)
                K++;
            if (K < Plain.size() && Plain[K].Lo < O.Hi)
                return false;
        }
        return true;
    }

    // First object that ends after At.
    static const Object *after(const std::vector<Object> &V, int64_t At) {
        return std::partition_point(V.begin(), V.end(), [&](const Object &O) { return O.Hi <= At; }) - V.begin() + V.data();
    }

    // What MI reads and overwrites, of registers and plain objects: sets bits.
    void effect(const MachineInstr &MI, Bits &Use, Bits &Kill) {
        if (MI.isDebugInstr() || MI.isCFIInstruction() || MI.isLabel())
            return;
        bool Frame = MI.getFlag(MachineInstr::FrameSetup) || MI.getFlag(MachineInstr::FrameDestroy);
        for (unsigned I = 0, E = MI.getNumOperands(); I < E; I++) {
            const MachineOperand &MO = MI.getOperand(I);
            if (MO.isFI()) {
                Opaque = true;
                continue;
            }
            if (!MO.isReg() || !MO.getReg())
                continue;
            unsigned R = MO.getReg();
            if (unsigned S = T.Reg[R]) {
                if (!MO.isDef()) {
                    if (!MO.isUndef())
                        set(Use, S - 1);
                } else if (T.Whole[R])
                    set(Kill, S - 1);
                continue;
            }
            if (MO.isDef()) {
                if ((R == T.SP && !Frame && !MI.isCall()) || (R == T.FP && !Frame))
                    Opaque = true;
                continue;
            }
            if ((R != T.SP && R != T.FP) || MO.isImplicit() || !isMemory(MI, I) || !MI.mayLoadOrStore() || T.Lea[MI.getOpcode()] ||
                MI.getOperand(I + 2).getReg())
                continue;
            int64_t Lo = MI.getOperand(I + 3).getImm() + (R == T.SP ? SPOffset : 0), Hi = Lo;
            unsigned Stored = T.Stores[MI.getOpcode()];
            bool Known = Stored != 0;
            if (Known)
                Hi = Lo + Stored;
            else if (MI.hasOneMemOperand() && (*MI.memoperands_begin())->getSize().isPrecise()) {
                Known = true;
                Hi = Lo + (*MI.memoperands_begin())->getSize().getValue().getFixedValue();
            }
            const Object *O = after(Plain, Lo), *End = Plain.data() + Plain.size();
            if (!Known && O != End && O->Lo <= Lo)
                Lo = O->Lo, Hi = O->Hi;
            for (; O != End && O->Lo < Hi; O++)
                for (int64_t P = O->Lo; P < O->Hi; P += 8) {
                    int64_t Q = std::min(P + 8, O->Hi);
                    if (Stored ? Lo <= P && Q <= Hi : Lo < Q && P < Hi)
                        set(Stored ? Kill : Use, O->Bit + (P - O->Lo) / 8);
                }
        }
    }

    void allOpen(Bits &B) {
        for (const Object &O : Open)
            set(B, O.Bit);
    }

    // Open objects that MI may be the first to refer to.
    void opens(const MachineInstr &MI, Bits &B) {
        if (MI.isDebugInstr() || MI.isCFIInstruction() || MI.isLabel() || MI.isCall() || MI.isReturn() || MI.getFlag(MachineInstr::FrameSetup) ||
            MI.getFlag(MachineInstr::FrameDestroy))
            return;
        for (unsigned I = 0, E = MI.getNumOperands(); I < E; I++) {
            const MachineOperand &MO = MI.getOperand(I);
            if (!MO.isReg() || MO.isDef() || MO.isImplicit() || (MO.getReg() != T.SP && MO.getReg() != T.FP))
                continue;
            if (!isMemory(MI, I)) {
                // The register itself: compared only, or copied.
                bool Copied = MI.mayStore() || MI.isInlineAsm();
                for (const MachineOperand &D : MI.operands())
                    Copied |= D.isReg() && D.isDef() && D.getReg() && D.getReg() != T.Flags;
                if (Copied)
                    allOpen(B);
                continue;
            }
            int64_t At = MI.getOperand(I + 3).getImm() + (MO.getReg() == T.SP ? SPOffset : 0);
            const Object *O = after(Open, At);
            bool Hit = O != Open.data() + Open.size() && O->Lo <= At;
            bool Exact = !MI.getOperand(I + 2).getReg() && !T.Lea[MI.getOpcode()] && MI.mayLoadOrStore() && !MI.isInlineAsm();
            if (Hit && (Exact || !(Wild || MO.getReg() == T.SP)))
                set(B, O->Bit);
            else if (!Exact)
                allOpen(B);
        }
    }

    static bool merge(Bits &Into, const Bits &From) {
        bool Changed = false;
        for (size_t I = 0; I < Into.size(); I++) {
            uint64_t V = Into[I] | From[I];
            Changed |= V != Into[I];
            Into[I] = V;
        }
        return Changed;
    }

    static bool stops(const MachineInstr &MI) { return MI.isCall() && !MI.isReturn(); }

    void words(const Object &O, unsigned Piece, unsigned Pieces, Site &S) {
        int64_t Lo = O.Lo + 8 * (int64_t)Piece, Hi = std::min(O.Hi, Lo + 8 * (int64_t)Pieces);
        int64_t Top = -8 * (int64_t)popcount(Out.Saved);
        // Word k lies at Top - 8 * (k + 1).
        for (int64_t K = (Top - Hi) / 8, E = (Top - Lo + 7) / 8; K < E; K++)
            S.Words[K / 64] |= 1ull << K % 64;
    }

    bool run() {
        unsigned NB = MF.getNumBlockIDs();
        size_t NP = (PlainBits + 63) / 64, NO = (OpenBits + 63) / 64;
        std::vector<Bits> Gen(NB, Bits(NP)), Kill(NB, Bits(NP)), In(NB, Bits(NP)), Begin(NB, Bits(NO)), Opens(NB, Bits(NO));
        bool Calls = false;
        Bits Use(NP), Dead(NP);
        for (MachineBasicBlock &MBB : MF) {
            Bits &G = Gen[MBB.getNumber()], &K = Kill[MBB.getNumber()];
            for (MachineInstr &MI : llvm::reverse(MBB.instrs())) {
                Calls |= stops(MI);
                Use.assign(NP, 0);
                Dead.assign(NP, 0);
                effect(MI, Use, Dead);
                for (size_t I = 0; I < NP; I++) {
                    G[I] = (G[I] & ~Dead[I]) | Use[I];
                    K[I] |= Dead[I];
                }
                if (NO)
                    opens(MI, Opens[MBB.getNumber()]);
            }
        }
        if (!Calls || Opaque)
            return false;
        auto LiveOut = [&](MachineBasicBlock *MBB) {
            Bits Live(NP);
            for (MachineBasicBlock *S : MBB->successors())
                merge(Live, In[S->getNumber()]);
            return Live;
        };
        for (bool Changed = true; Changed;) {
            Changed = false;
            for (MachineBasicBlock *MBB : post_order(&MF)) {
                unsigned B = MBB->getNumber();
                Bits Live = LiveOut(MBB);
                for (size_t I = 0; I < NP; I++)
                    Live[I] = (Live[I] & ~Kill[B][I]) | Gen[B][I];
                Changed |= merge(In[B], Live);
            }
        }
        if (NO) {
            ReversePostOrderTraversal<MachineFunction *> Order(&MF);
            for (bool Changed = true; Changed;) {
                Changed = false;
                for (MachineBasicBlock *MBB : Order) {
                    Bits Live = Begin[MBB->getNumber()];
                    merge(Live, Opens[MBB->getNumber()]);
                    for (MachineBasicBlock *S : MBB->successors())
                        Changed |= merge(Begin[S->getNumber()], Live);
                }
            }
        }
        size_t NW = (Out.Words + 63) / 64;
        for (MachineBasicBlock &MBB : MF) {
            Bits Live = LiveOut(&MBB);
            size_t First = Out.Sites.size();
            for (MachineInstr &MI : llvm::reverse(MBB.instrs())) {
                Use.assign(NP, 0);
                Dead.assign(NP, 0);
                effect(MI, Use, Dead);
                if (stops(MI)) {
                    Site S{MF.getContext().createTempSymbol(), 0, std::vector<uint64_t>(NW)};
                    // Results of the call are in no register that outlives it.
                    S.Regs = Live[0] & ~Dead[0] & Out.Saved;
                    for (const Object &O : Plain)
                        for (unsigned P = 0, E = (O.Hi - O.Lo + 7) / 8; P < E; P++)
                            if (test(Live, O.Bit + P))
                                words(O, P, 1, S);
                    MI.setPostInstrSymbol(MF, S.After);
                    Out.Sites.push_back(std::move(S));
                }
                for (size_t I = 0; I < NP; I++)
                    Live[I] = (Live[I] & ~Dead[I]) | Use[I];
            }
            std::reverse(Out.Sites.begin() + First, Out.Sites.end());
            if (!NO)
                continue;
            Bits Known = Begin[MBB.getNumber()];
            for (MachineInstr &MI : MBB.instrs()) {
                if (stops(MI)) {
                    for (const Object &O : Open)
                        if (test(Known, O.Bit))
                            words(O, 0, (O.Hi - O.Lo + 7) / 8, Out.Sites[First]);
                    First++;
                }
                opens(MI, Known);
            }
        }
        return true;
    }
};

class Calls : public MachineFunctionPass {
    RgoLiveness &L;

public:
    static char ID;
    Calls(RgoLiveness &L) : MachineFunctionPass(ID), L(L) {}
    StringRef getPassName() const override { return "rgo liveness at calls"; }
    void getAnalysisUsage(AnalysisUsage &AU) const override {
        AU.setPreservesAll();
        MachineFunctionPass::getAnalysisUsage(AU);
    }

    bool runOnMachineFunction(MachineFunction &MF) override {
        auto S = L.Shapes.find(MF.getFunctionNumber());
        if (S == L.Shapes.end() || !MF.getFrameInfo().hasCalls())
            return false;
        Flow F(MF);
        if (F.layout(S->second) && F.run())
            L.Frames[MF.getFunctionNumber()] = std::move(F.Out);
        L.Shapes.erase(S);
        return true;
    }
};
char Calls::ID;

class Printer : public AsmPrinterHandler {
    RgoLiveness &L;
    AsmPrinter &Asm;

public:
    Printer(RgoLiveness &L, AsmPrinter &Asm) : L(L), Asm(Asm) {}
    void endModule() override {}
    void beginFunction(const MachineFunction *) override {}

    // Per function, little-endian: u32 length of the name, name, u8 saved registers, u32 words, u32 sites; per site: u32 offset,
    // u8 live registers, u32 number of runs; per run of live words: u32 first, u32 length.
    void endFunction(const MachineFunction *MF) override {
        auto It = L.Frames.find(MF->getFunctionNumber());
        if (It == L.Frames.end())
            return;
        const Frame &F = It->second;
        MCStreamer &S = *Asm.OutStreamer;
        S.pushSection();
        S.switchSection(Asm.OutContext.getELFSection(".rgo.frames", ELF::SHT_PROGBITS, ELF::SHF_EXCLUDE));
        std::string Buf;
        auto Put = [&](uint32_t V) {
            for (int I = 0; I < 4; I++)
                Buf.push_back(V >> 8 * I);
        };
        StringRef Name = Asm.CurrentFnSym->getName();
        Put(Name.size());
        Buf += Name;
        Buf.push_back(F.Saved);
        Put(F.Words);
        Put(F.Sites.size());
        S.emitBytes(Buf);
        const MCSymbol *Start = Asm.getFunctionBegin() ? Asm.getFunctionBegin() : Asm.CurrentFnSym;
        for (const Site &Site : F.Sites) {
            S.emitAbsoluteSymbolDiff(Site.After, Start, 4);
            Buf.clear();
            Buf.push_back(Site.Regs);
            std::vector<std::pair<unsigned, unsigned>> Runs;
            for (unsigned K = 0; K < F.Words; K++)
                if (Site.Words[K / 64] >> K % 64 & 1) {
                    if (!Runs.empty() && Runs.back().first + Runs.back().second == K)
                        Runs.back().second++;
                    else
                        Runs.push_back({K, 1});
                }
            Put(Runs.size());
            for (auto [At, N] : Runs)
                Put(At), Put(N);
            S.emitBytes(Buf);
        }
        S.popSection();
        L.Frames.erase(It);
    }
};

} // namespace

RgoLiveness *rgo_liveness_new() { return new RgoLiveness; }
void rgo_liveness_free(RgoLiveness *L) { delete L; }
MachineFunctionPass *rgo_liveness_objects(RgoLiveness *L) { return new Objects(*L); }
MachineFunctionPass *rgo_liveness_calls(RgoLiveness *L) { return new Calls(*L); }
void rgo_liveness_print(RgoLiveness *L, AsmPrinter *P) { P->addAsmPrinterHandler(std::make_unique<Printer>(*L, *P)); }
