//! `rgo clean`.

use crate::base::{self, Exit, Outcome};
use crate::flags::{Kind, flag};
use rgo_work::cache::Cache;
use rgo_work::goenv::GoEnv;

/// Runs the command.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    let own = [flag("cache", Kind::Bool), flag("fuzzcache", Kind::Bool), flag("i", Kind::Bool), flag("modcache", Kind::Bool), flag("r", Kind::Bool), flag("testcache", Kind::Bool)];
    let p = base::parse_flags("clean", env, args, &base::with_build_flags(&own))?;
    if p.bool("modcache") {
        return Err(Exit::Error("rgo: clean -modcache is not supported yet".into()));
    }
    if p.bool("cache") {
        Cache::new(&env.gocache()).clear().map_err(|e| Exit::go(format!("cannot clean cache: {e}")))?;
    }
    if p.bool("cache") || p.bool("testcache") || p.bool("fuzzcache") {
        if !p.rest.is_empty() {
            return Err(Exit::go("clean -cache cannot be used with package arguments"));
        }
        return Ok(());
    }
    // Without -cache there is nothing to remove: no object files are left in package folders.
    let mut l = base::loader(env, &p)?;
    let ids = l.load_patterns(&p.rest)?;
    crate::build::check_packages(&l, &ids)
}
