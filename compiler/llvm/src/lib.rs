//! rgo-llvm: see ARCHITECTURE.md.
