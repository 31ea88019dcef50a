//! Flows of run-time functions whose code cannot be analysed (Rust, or deep in the collector), by symbol.

use crate::summary::{FuncSummary, ParamFlow};

/// What is known about a function of the runtime by its contract.
pub fn summary(sym: &str) -> Option<FuncSummary> {
    let name = sym.strip_prefix("runtime.")?;
    let n = ParamFlow::none;
    let c = ParamFlow::contents;
    let ret = || ParamFlow { to_result0: 1, ..ParamFlow::none() };
    let params = match name {
        // Pure readers.
        "memequal" | "strequal" | "interequal" | "nilinterequal" | "f32equal" | "f64equal" | "c64equal" | "c128equal" | "memequal0" | "memequal8" | "memequal16"
        | "memequal32" | "memequal64" | "memequal128" | "ifaceeq" | "efaceeq" | "cmpstring" | "memhash" | "strhash" | "interhash" | "nilinterhash" | "f32hash"
        | "f64hash" | "c64hash" | "c128hash" | "memhash32" | "memhash64" | "decoderune" | "countrunes" | "printstring" | "printpointer" | "printslice"
        | "printeface" | "printiface" | "printint" | "printuint" | "printhex" | "printbool" | "printfloat64" | "printcomplex128" | "printnl" | "printsp"
        | "printlock" | "printunlock" | "chanlen" | "chancap" | "closechan" | "mapaccess1_fast32" | "mapaccess1_fast64" | "mapaccess2_fast32"
        | "mapaccess2_fast64" | "mapaccess1_faststr" | "mapaccess2_faststr" | "mapdelete" | "mapdelete_fast32" | "mapdelete_fast64" | "mapdelete_faststr" | "mapclear"
        | "memclrNoHeapPointers" | "memclrHasPointers" | "typedmemclr" | "chanrecv1" | "chanrecv2" | "mapIterNext" | "newobject" | "makeslice" | "makeslice64"
        | "makechan" | "makechan64" | "rt_makemap" | "slicebytetostring" | "slicerunetostring" | "stringtoslicebyte" | "stringtoslicerune" | "intstring"
        | "assertE2I" | "assertE2I2" | "rt_itab" => vec![n(); 4],
        "mapaccess1" | "mapaccess2" => vec![n(); 3],
        "selectnbrecv" => vec![n(); 2],
        // A key or value is copied into the map or channel; the iterator keeps the map.
        "mapassign" => vec![n(), n(), c()],
        "mapassign_faststr" => vec![n(), n(), ParamFlow::all()],
        "mapassign_fast32" | "mapassign_fast64" => vec![n(); 3],
        "mapassign_fast32ptr" | "mapassign_fast64ptr" => vec![n(), n(), ParamFlow::all()],
        "chansend1" | "selectnbsend" => vec![n(), c()],
        // Boxes get a copy.
        "convT" => vec![n(), c()],
        "convTnoptr" => vec![n(); 2],
        // The old elements move into the new array.
        "growslice" => vec![ParamFlow { leak1: true, to_result0: 1, ..n() }, n(), n(), n(), n()],
        "typedmemmove" => vec![n(), n(), c()],
        "rt_wbmove" => vec![n(), c(), n()],
        "rt_wbclear" => vec![n(); 2],
        "typedslicecopy" => vec![n(), n(), n(), c(), n()],
        "slicecopy" => vec![n(), n(), c(), n(), n()],
        "slicebytetostringtmp" => vec![ret(), n()],
        // Fresh strings; one operand may be returned as it is.
        "concatstring2" => vec![n(), ret(), ret()],
        "concatstring3" => vec![n(), ret(), ret(), ret()],
        "concatstring4" => vec![n(), ret(), ret(), ret(), ret()],
        "concatstring5" => vec![n(), ret(), ret(), ret(), ret(), ret()],
        "concatstrings" => vec![n(), ParamFlow { to_result1: 1, ..n() }],
        _ => return None,
    };
    // What may write to memory that it gets is not told apart.
    let reads = matches!(name, "memequal" | "strequal" | "cmpstring" | "slicebytetostring" | "slicebytetostringtmp" | "growslice" | "printslice" | "printstring");
    let params = params.into_iter().map(|p: ParamFlow| ParamFlow { writes0: p.writes0 || !reads, writes1: p.writes1 || !reads, ..p }).collect();
    Some(FuncSummary { params, ctx: None })
}
