//! `rgo test`.

use crate::base::{Exit, Outcome};
use rgo_work::goenv::GoEnv;

/// Runs the command.
pub fn run(_env: &GoEnv, _args: &[String]) -> Outcome {
    Err(Exit::Error("rgo test: not supported yet".into()))
}
