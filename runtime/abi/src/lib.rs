//! rgo-abi: see ARCHITECTURE.md.
