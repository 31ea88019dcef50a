//! rgo-lower: see ARCHITECTURE.md.
