//! Stacks: `walk` goes through their frames, `symbol` says what the programmer calls these, `dump` prints them in Go's format;
//! `cframes` asks the program about C functions.
//!
//! # Safety
//! Only stacks of goroutines that are stopped, or the current one, are walked; every frame pointer is checked against the
//! segments before it is read.

mod cframes;
mod dump;
mod symbol;
mod walk;

pub use cframes::{c_frames, set_c_functions};
pub use dump::*;
pub use symbol::*;
pub use walk::*;

use crate::heap::gc::moduledata;
use rgo_abi::functab::Table;

/// The program's function table.
pub fn table() -> Option<Table<'static>> {
    // SAFETY: the linker step stored address and length of a read-only segment.
    unsafe {
        let md = moduledata();
        if md.functab == 0 {
            return None;
        }
        Table::new(core::slice::from_raw_parts(md.functab as *const u8, md.functab_len as usize))
    }
}

/// Not an address in the program's code at all.
pub fn is_wild(pc: usize) -> bool {
    // SAFETY: reads the block.
    let md = unsafe { moduledata() };
    (pc as u64) < md.text || pc as u64 >= md.text_end
}
