//! The operations of [`rgo_ir::Intrinsic`].

use LLVMIntPredicate::*;
use rgo_ir::*;

use crate::func::{FnGen, Val};
use crate::raw::*;

impl FnGen<'_, '_> {
    pub fn intrinsic(&mut self, inst: &Inst, i: Intrinsic, vs: &[Value]) -> Option<Val> {
        use Intrinsic as I;
        let amd64 = self.g.opts.goarch == "amd64";
        // KeepAlive and Escape take any type; everything else takes scalars.
        let a: Vec<V> = if matches!(i, I::KeepAlive | I::Escape) { Vec::new() } else { vs.iter().map(|v| self.v1(*v)).collect() };
        let b = &self.g.b;
        let un = |name: &'static str| Some(Val::one(b.call_intrinsic(name, &[b.ty(a[0])], &a)));
        match i {
            I::Ctz | I::Clz => {
                let name = if i == I::Ctz { "llvm.cttz" } else { "llvm.ctlz" };
                Some(Val::one(b.call_intrinsic(name, &[b.ty(a[0])], &[a[0], b.c(b.i1, 0)])))
            }
            I::Popcount => un("llvm.ctpop"),
            I::Bswap if b.int_bits(b.ty(a[0])) == 8 => Some(Val::one(a[0])),
            I::Bswap => un("llvm.bswap"),
            I::BitReverse => un("llvm.bitreverse"),
            I::RotateLeft => Some(Val::one(b.call_intrinsic("llvm.fshl", &[b.ty(a[0])], &[a[0], a[0], a[1]]))),
            I::MulU64 => {
                let p = b.bin(LLVMOpcode::LLVMMul, b.zext(a[0], b.i128), b.zext(a[1], b.i128));
                let hi = b.bin(LLVMOpcode::LLVMLShr, p, b.c(b.i128, 64));
                let r = [Val::one(b.trunc(hi, b.i64)), Val::one(b.trunc(p, b.i64))];
                self.set_results(inst, &r);
                None
            }
            I::AddCarry => {
                let s1 = b.add(a[0], a[1]);
                let c1 = b.icmp(LLVMIntULT, s1, a[0]);
                let s2 = b.add(s1, a[2]);
                let c2 = b.icmp(LLVMIntULT, s2, s1);
                let c = b.zext(b.or(c1, c2), b.i64);
                self.set_results(inst, &[Val::one(s2), Val::one(c)]);
                None
            }
            I::SubBorrow => {
                let d1 = b.sub(a[0], a[1]);
                let c1 = b.icmp(LLVMIntULT, a[0], a[1]);
                let d2 = b.sub(d1, a[2]);
                let c2 = b.icmp(LLVMIntULT, d1, a[2]);
                let c = b.zext(b.or(c1, c2), b.i64);
                self.set_results(inst, &[Val::one(d2), Val::one(c)]);
                None
            }
            I::DivU128 => {
                let r = if amd64 {
                    let t = b.fn_ty(b.struct_ty(&[b.i64, b.i64]), &[b.i64, b.i64, b.i64]);
                    let r = b.asm(t, "divq $4", "={ax},={dx},{ax},{dx},r,~{dirflag},~{fpsr},~{flags}", false, &[a[1], a[0], a[2]]);
                    [Val::one(b.extract(r, 0)), Val::one(b.extract(r, 1))]
                } else {
                    let hi = b.bin(LLVMOpcode::LLVMShl, b.zext(a[0], b.i128), b.c(b.i128, 64));
                    let x = b.or(hi, b.zext(a[1], b.i128));
                    let y = b.zext(a[2], b.i128);
                    let q = b.bin(LLVMOpcode::LLVMUDiv, x, y);
                    let r = b.bin(LLVMOpcode::LLVMURem, x, y);
                    [Val::one(b.trunc(q, b.i64)), Val::one(b.trunc(r, b.i64))]
                };
                self.set_results(inst, &r);
                None
            }
            I::Sqrt => un("llvm.sqrt"),
            I::Floor => un("llvm.floor"),
            I::Ceil => un("llvm.ceil"),
            I::Trunc => un("llvm.trunc"),
            I::RoundEven => un("llvm.roundeven"),
            I::Round => un("llvm.round"),
            I::Fabs => un("llvm.fabs"),
            I::Copysign => un("llvm.copysign"),
            I::Fma => un("llvm.fma"),
            I::MemEqual => {
                let t = b.fn_ty(b.i32, &[b.ptr, b.ptr, b.i64]);
                let f = self.g.c_function("memcmp", t);
                let b = &self.g.b;
                let r = b.call(t, f, &a);
                Some(Val::one(b.icmp(LLVMIntEQ, r, b.c(b.i32, 0))))
            }
            I::Prefetch => {
                let k = |v| b.c(b.i32, v);
                b.call_intrinsic("llvm.prefetch", &[b.ptr], &[a[0], k(0), k(3), k(1)]);
                None
            }
            I::KeepAlive => {
                let mut args = Vec::new();
                for v in vs {
                    args.extend_from_slice(self.val(*v).slice());
                }
                // Through memory too: what a variable of the frame holds is alive with its address.
                for x in args.into_iter().filter(|x| b.ty(*x) == b.ptr) {
                    b.asm(b.fn_ty(b.void, &[b.ptr]), "", "r,~{memory}", true, &[x]);
                }
                None
            }
            I::Escape => None,
            I::Syscall6 => {
                let (hi, lo) = if amd64 {
                    let t = b.fn_ty(b.struct_ty(&[b.i64, b.i64]), &[b.i64; 7]);
                    let c = "={ax},={dx},{ax},{di},{si},{dx},{r10},{r8},{r9},~{rcx},~{r11},~{memory},~{dirflag},~{fpsr},~{flags}";
                    let r = b.asm(t, "syscall", c, true, &a);
                    (b.extract(r, 0), b.extract(r, 1))
                } else {
                    let t = b.fn_ty(b.struct_ty(&[b.i64, b.i64]), &[b.i64; 7]);
                    let c = "={x0},={x1},{x8},{x0},{x1},{x2},{x3},{x4},{x5},~{memory}";
                    let r = b.asm(t, "svc #0", c, true, &a);
                    (b.extract(r, 0), b.extract(r, 1))
                };
                // -4095..-1 is an error number.
                let bad = b.icmp(LLVMIntUGT, hi, b.c64(-4096i64 as u64));
                let r1 = b.select(bad, b.c64(u64::MAX), hi);
                let r2 = b.select(bad, b.c64(0), lo);
                let e = b.select(bad, b.neg(hi), b.c64(0));
                self.set_results(inst, &[Val::one(r1), Val::one(r2), Val::one(e)]);
                None
            }
            I::Cpuid => {
                let t = b.fn_ty(b.struct_ty(&[b.i32; 4]), &[b.i32, b.i32]);
                let r = b.asm(
                    t,
                    "movq %rbx, ${1:q}; cpuid; xchgq %rbx, ${1:q}",
                    "={ax},=&r,={cx},={dx},{ax},{cx},~{dirflag},~{fpsr},~{flags}",
                    true,
                    &a,
                );
                let rs: Vec<Val> = (0..4).map(|i| Val::one(b.extract(r, i))).collect();
                self.set_results(inst, &rs);
                None
            }
            I::Xgetbv => {
                let t = b.fn_ty(b.struct_ty(&[b.i32, b.i32]), &[b.i32]);
                let r = b.asm(t, "xgetbv", "={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}", true, &[b.c(b.i32, 0)]);
                let rs = [Val::one(b.extract(r, 0)), Val::one(b.extract(r, 1))];
                self.set_results(inst, &rs);
                None
            }
            I::Pause => {
                let text = if amd64 { "pause" } else { "yield" };
                b.asm(b.fn_ty(b.void, &[]), text, "~{memory}", true, &[]);
                None
            }
            I::PublicationBarrier => {
                b.fence(LLVMAtomicOrdering::LLVMAtomicOrderingRelease);
                None
            }
            I::Fence => {
                b.fence(LLVMAtomicOrdering::LLVMAtomicOrderingSequentiallyConsistent);
                None
            }
            I::CtSelect => {
                // mask = -(cond != 0), made opaque so that no branch can come back.
                let nz = b.zext(b.icmp(LLVMIntNE, a[0], b.c64(0)), b.i64);
                let m = b.asm(b.fn_ty(b.i64, &[b.i64]), "", "=r,0", true, &[b.neg(nz)]);
                let x = b.and(a[1], m);
                let y = b.and(a[2], b.not(m));
                Some(Val::one(b.or(x, y)))
            }
            I::GetG => Some(Val::one(self.cur_g())),
            I::ClosureCtx => Some(Val::one(self.closure_ctx())),
            I::CallerPc => Some(Val::one(self.caller_pc())),
            I::CallerSp => {
                // Return address and saved frame pointer lie between.
                let r = b.call_intrinsic("llvm.frameaddress", &[b.ptr], &[b.c(b.i32, 0)]);
                let r = b.cast(LLVMOpcode::LLVMPtrToInt, r, b.i64);
                Some(Val::one(b.add(r, b.c64(16))))
            }
            I::StackPtr => Some(Val::one(b.read_sp(if amd64 { "rsp" } else { "sp" }))),
            I::FrameAddr | I::ParentFrameAddr => {
                let level = (i == I::ParentFrameAddr) as u64;
                let r = b.call_intrinsic("llvm.frameaddress", &[b.ptr], &[b.c(b.i32, level)]);
                Some(Val::one(b.cast(LLVMOpcode::LLVMPtrToInt, r, b.i64)))
            }
            I::PadRecord => Some(Val::one(self.pad_record())),
            I::Breakpoint => {
                b.call_intrinsic("llvm.debugtrap", &[], &[]);
                None
            }
        }
    }

    /// The return address; where the function was started on a new segment by `rt_morestack`, the one that `rt_morestack` will return to.
    fn caller_pc(&mut self) -> V {
        use rgo_abi::g::goff;
        let g = self.cur_g();
        let t = self.g.b.fn_ty(self.g.b.void, &[]);
        let more = self.g.c_function("rt_morestack_ret", t);
        let b = &self.g.b;
        let pc = b.call_intrinsic("llvm.returnaddress", &[], &[b.c(b.i32, 0)]);
        let here = b.current();
        let (split, done) = (b.block(self.llf), b.block(self.llf));
        let br = b.cond_br(b.icmp(LLVMIntEQ, pc, more), split, done);
        let w = b.branch_weights(1, 1 << 10);
        b.set_prof(br, w);
        b.at_end(split);
        // Segment record: previous segment at 24; sp saved when it was left at 40.
        let seg = b.load(b.ptr, b.offset(g, goff::SEG as i64), 8);
        let prev = b.load(b.ptr, b.offset(seg, 24), 8);
        let sp = b.load(b.ptr, b.offset(prev, 40), 8);
        let other = b.load(b.ptr, sp, 8);
        b.br(done);
        b.at_end(done);
        let v = b.phi(b.ptr, &[(pc, here), (other, split)]);
        b.cast(LLVMOpcode::LLVMPtrToInt, v, b.i64)
    }
}
