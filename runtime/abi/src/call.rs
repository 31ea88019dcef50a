//! The call classifier: reflect's algorithm (reflect/abi.go) with limits per target.
//!
//! Input: for the receiver, each parameter and each result its memory size, alignment, and its flattened scalars.
//! Output: for every scalar an integer or float register number, or for the whole value an offset in the overflow frame.
//! A value is never split between registers and the frame.

/// Register class and width of one flattened scalar.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum PieceKind {
    /// Integer of 1, 2, 4 or 8 bytes (bool included).
    Int,
    /// A pointer word; integer class.
    Ptr,
    /// float32 or float64.
    Float,
}

/// One scalar of a flattened value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Piece {
    pub kind: PieceKind,
    /// Bytes: 1, 2, 4 or 8.
    pub size: u8,
    /// Offset in the value's memory form.
    pub offset: u32,
}

/// A parameter or result, flattened.
///
/// `pieces` is `None` when the value may never travel in registers: it contains an array of more than one element.
/// Arrays of length one are flattened as their element, zero-length arrays and zero-size fields give no piece.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Value {
    pub size: u64,
    pub align: u32,
    pub pieces: Option<Vec<Piece>>,
}

impl Value {
    /// A single-scalar value.
    pub fn scalar(kind: PieceKind, size: u8) -> Value {
        Value { size: size as u64, align: size as u32, pieces: Some(vec![Piece { kind, size, offset: 0 }]) }
    }
    /// `n` consecutive words of class `kind` (strings, slices, interfaces: callers give the exact kinds themselves when they matter).
    pub fn words(kinds: &[PieceKind]) -> Value {
        let pieces = kinds.iter().enumerate().map(|(i, &kind)| Piece { kind, size: 8, offset: i as u32 * 8 }).collect();
        Value { size: kinds.len() as u64 * 8, align: 8, pieces: Some(pieces) }
    }
}

/// Register limits of a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Integer-class argument words; the frame pointer, if any, is the next integer parameter.
    pub arg_ints: u32,
    pub arg_floats: u32,
    pub result_ints: u32,
    pub result_floats: u32,
}

impl Limits {
    /// linux/amd64, darwin/amd64.
    pub const AMD64: Limits = Limits { arg_ints: 5, arg_floats: 8, result_ints: 4, result_floats: 4 };
    /// All arm64 systems.
    pub const ARM64: Limits = Limits { arg_ints: 7, arg_floats: 8, result_ints: 7, result_floats: 8 };

    /// Limits by GOARCH name; `None` for a target that is not supported.
    pub fn for_arch(goarch: &str) -> Option<Limits> {
        match goarch {
            "amd64" => Some(Limits::AMD64),
            "arm64" => Some(Limits::ARM64),
            _ => None,
        }
    }
}

/// Where one value goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// Zero-size: travels nowhere.
    Nothing,
    /// One entry per piece, in piece order: register number within its class.
    Regs(Vec<Reg>),
    /// Memory form at this offset of the overflow frame.
    Frame(u64),
}

/// A register by class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reg {
    Int(u32),
    Float(u32),
}

/// The result of classification for one signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallLayout {
    /// Receiver first.
    pub args: Vec<Place>,
    pub results: Vec<Place>,
    /// Integer and float argument registers in use.
    pub arg_ints: u32,
    pub arg_floats: u32,
    pub result_ints: u32,
    pub result_floats: u32,
    /// Bytes of arguments in the frame (not rounded).
    pub arg_bytes: u64,
    /// Offset of the first result in the frame: `arg_bytes` rounded up to 8.
    pub ret_offset: u64,
    /// Whole frame, rounded up to 8; 0 if there is none.
    pub frame_size: u64,
}

impl CallLayout {
    /// The signature passes an overflow frame: integer parameters are padded to the limit and the frame pointer follows.
    pub fn uses_frame(&self) -> bool {
        self.frame_size != 0
    }
}

struct Seq {
    ints: u32,
    floats: u32,
    max_ints: u32,
    max_floats: u32,
    bytes: u64,
}

impl Seq {
    fn add(&mut self, v: &Value) -> Place {
        if v.size == 0 {
            // Takes no room but aligns what follows, as reflect does.
            self.bytes = align_up(self.bytes, v.align.max(1) as u64);
            return Place::Nothing;
        }
        if let Some(pieces) = &v.pieces {
            let (mut ints, mut floats) = (self.ints, self.floats);
            let mut regs = Vec::with_capacity(pieces.len());
            for p in pieces {
                if p.kind == PieceKind::Float {
                    regs.push(Reg::Float(floats));
                    floats += 1;
                } else {
                    regs.push(Reg::Int(ints));
                    ints += 1;
                }
            }
            if ints <= self.max_ints && floats <= self.max_floats {
                self.ints = ints;
                self.floats = floats;
                return Place::Regs(regs);
            }
        }
        self.bytes = align_up(self.bytes, v.align.max(1) as u64);
        let at = self.bytes;
        self.bytes += v.size;
        Place::Frame(at)
    }
}

fn align_up(n: u64, a: u64) -> u64 {
    (n + a - 1) & !(a - 1)
}

/// Classifies a signature. `args` has the receiver first.
pub fn classify(limits: &Limits, args: &[Value], results: &[Value]) -> CallLayout {
    let mut s = Seq { ints: 0, floats: 0, max_ints: limits.arg_ints, max_floats: limits.arg_floats, bytes: 0 };
    let a: Vec<Place> = args.iter().map(|v| s.add(v)).collect();
    let arg_bytes = s.bytes;
    let ret_offset = align_up(arg_bytes, 8);
    let mut r =
        Seq { ints: 0, floats: 0, max_ints: limits.result_ints, max_floats: limits.result_floats, bytes: ret_offset };
    let res: Vec<Place> = results.iter().map(|v| r.add(v)).collect();
    let any = a.iter().chain(&res).any(|p| matches!(p, Place::Frame(_)));
    CallLayout {
        args: a,
        results: res,
        arg_ints: s.ints,
        arg_floats: s.floats,
        result_ints: r.ints,
        result_floats: r.floats,
        arg_bytes,
        ret_offset,
        frame_size: if any { align_up(r.bytes, 8) } else { 0 },
    }
}

/// The memory form of a call into the Rust runtime (`rt.S`): every argument in memory layout, in order, then the results
/// from the next multiple of 8. Returns (argument offsets, result offsets, frame size).
pub fn memory_frame(args: &[(u64, u32)], results: &[(u64, u32)]) -> (Vec<u64>, Vec<u64>, u64) {
    let mut at = 0u64;
    let mut place = |v: &(u64, u32)| {
        at = align_up(at, v.1.max(1) as u64);
        let here = at;
        at += v.0;
        here
    };
    let a: Vec<u64> = args.iter().map(&mut place).collect();
    place(&(0, 8));
    let r: Vec<u64> = results.iter().map(&mut place).collect();
    (a, r, align_up(at, 8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use PieceKind::*;

    fn string() -> Value {
        Value::words(&[Ptr, Int])
    }
    fn slice() -> Value {
        Value::words(&[Ptr, Int, Int])
    }

    #[test]
    fn fits() {
        let l = classify(&Limits::AMD64, &[string(), slice()], &[string(), Value::words(&[Ptr, Ptr])]);
        assert_eq!(l.args[1], Place::Regs(vec![Reg::Int(2), Reg::Int(3), Reg::Int(4)]));
        assert_eq!((l.arg_ints, l.result_ints, l.frame_size), (5, 4, 0));
        assert!(!l.uses_frame());
    }

    #[test]
    fn overflow_keeps_later_registers() {
        // Two slices: the second does not fit as a whole; a following int still takes register 3.
        let l = classify(
            &Limits::AMD64,
            &[slice(), slice(), Value::scalar(Int, 4)],
            &[slice(), Value::words(&[Ptr, Ptr])],
        );
        assert_eq!(l.args[1], Place::Frame(0));
        assert_eq!(l.args[2], Place::Regs(vec![Reg::Int(3)]));
        assert_eq!(l.ret_offset, 24);
        assert_eq!(l.results[1], Place::Frame(24));
        assert_eq!(l.frame_size, 40);
    }

    #[test]
    fn arrays_and_zero() {
        let arr = Value { size: 2, align: 1, pieces: None };
        let zero = Value { size: 0, align: 8, pieces: Some(vec![]) };
        let l = classify(&Limits::AMD64, &[arr.clone(), zero, arr], &[]);
        assert_eq!(l.args, [Place::Frame(0), Place::Nothing, Place::Frame(8)]);
        assert_eq!((l.arg_bytes, l.ret_offset, l.frame_size), (10, 16, 16));
    }

    #[test]
    fn memory_form() {
        let (a, r, n) = memory_frame(&[(1, 1), (8, 8), (4, 4)], &[(1, 1), (16, 8)]);
        assert_eq!((a, r, n), (vec![0, 8, 16], vec![24, 32], 48));
    }
}
