//! Integration tests, one module a topic.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::print_stdout, reason = "a test says what it measured, and what it skipped")]

mod again;
mod blocking_index;
mod byte_flip;
mod candidates;
mod care;
mod command;
mod conflicts;
mod crash;
mod demo;
mod determinism;
mod envelopes;
mod evidence;
mod faults;
mod full_disk;
mod fuzz;
mod fuzz_checks;
mod hostile;
mod identity;
mod identity_lives;
mod identity_stability;
mod imports;
mod intake;
mod judge;
mod kinds;
mod kinds_cli;
mod kinds_samples;
mod kinds_streams;
mod main_job;
mod mutation;
mod normalize_date;
mod normalize_email;
mod normalize_identifier;
mod normalize_name;
mod one_or_two;
mod perturb;
mod policy;
mod quarantine;
mod query;
mod readers;
mod readers_during_rebuild;
mod report;
mod results;
mod scenario;
mod store;
mod support;
mod sync_plan;
mod synth;

/// Opens a store for writing. A child process of another test holds a copy of every open file, and
/// so the lock of a store just closed, between its fork and its exec: then waits a little.
fn open_for_writing(dir: &std::path::Path) -> sameas::error::Result<sameas::store::Store> {
    wait_for(|| sameas::store::Store::open(dir, sameas::store::Access::Write))
}

/// Tries again for some seconds while a store is locked.
fn wait_for<T>(open: impl Fn() -> sameas::error::Result<T>) -> sameas::error::Result<T> {
    for _ in 0..1000 {
        match open() {
            Err(error) if error.kind() == sameas::error::ErrorKind::Locked => {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            other => return other,
        }
    }
    open()
}
