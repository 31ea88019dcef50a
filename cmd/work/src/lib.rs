//! rgo-work: see ARCHITECTURE.md.
