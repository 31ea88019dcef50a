//! rgo-ir: see ARCHITECTURE.md.
