//! rgo-linker: see ARCHITECTURE.md.
