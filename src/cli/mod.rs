//! The command line: arguments, terminal, files, exit codes. One file a verb; it holds no decision
//! that a user of the library would need too.

mod backup;
mod changes;
mod conflicts;
mod context;
mod dedupe;
mod diff;
mod docs;
mod evaluate;
mod exit;
mod export;
mod files;
mod find;
mod global;
mod history;
mod how;
mod ingest;
mod init;
mod judge;
mod judgements;
mod migrate;
mod model;
mod output;
mod plan;
mod policy;
mod progress;
mod quarantine;
mod rebuild;
mod recover;
mod report;
mod restore;
mod show;
mod sources;
mod status;
mod sync_plan;
mod synth;
mod undo;
mod verify;
mod why;
mod xref;

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use clap::{Parser, Subcommand};

use context::Context;
use exit::Outcome;
use global::Global;
use sameas::error::Result;

/// Says who is who in the exports of a company's systems: golden records, cross-system ids and
/// merge candidates out of Shopify, CRM, ERP, marketing and support files. Works offline, needs no
/// configuration.
#[derive(Debug, Parser)]
#[command(
    name = "sameas",
    version,
    max_term_width = 100,
    after_help = "Example:\n  sameas dedupe exports/*.csv --out result\n\nExit codes: 0 done, 1 failed, 2 usage or \
                  configuration, 3 a gate or --strict refused, 4 done with rows in quarantine, 5 store \
                  locked or of another version, 130 interrupted."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Dedupe(dedupe::Args),
    Init(init::Args),
    Ingest(ingest::Args),
    Rebuild(rebuild::Args),
    Report(report::Args),
    Find(find::Args),
    Show(show::Args),
    Xref(xref::Args),
    Why(why::Args),
    #[command(name = "why-not")]
    WhyNot(why::NotArgs),
    How(how::Args),
    Judge(judge::Args),
    Judgements(judgements::Args),
    History(history::Args),
    Changes(changes::Args),
    Diff(diff::Args),
    Plan(plan::Args),
    Undo(undo::Args),
    Export(export::Args),
    Evaluate(evaluate::Args),
    Model(model::Args),
    Status(status::Args),
    Synth(synth::Args),
    Sources(sources::Args),
    Docs(docs::Args),
    Verify(verify::Args),
    Recover(recover::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Migrate(migrate::Args),
    Quarantine(quarantine::Args),
    Policy(policy::Args),
    Conflicts(conflicts::Args),
    #[command(name = "sync-plan")]
    SyncPlan(sync_plan::Args),
}

/// Runs the command line of this process.
pub(crate) fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout; a reader who has gone is no failure.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::DONE });
        }
    };
    hold_panics();
    end_on_signals();
    let context = Context::new(cli.global);
    let whole = AssertUnwindSafe(|| {
        let outcome = run(&context, &cli.verb)?;
        context.flush()?;
        Ok(outcome)
    });
    let result = catch_unwind(whole).unwrap_or_else(|_| {
        report_panic();
        Ok(Outcome::FAILED)
    });
    let code = match result {
        Ok(outcome) => outcome.code(),
        Err(error) if output::is_broken_pipe(&error) => exit::DONE,
        Err(error) => {
            context.report_error(&error);
            exit::code(error.kind())
        }
    };
    let _ = std::io::stderr().flush();
    ExitCode::from(code)
}

/// Ends at once when asked to (Ctrl-C, or a polite kill): every write may be cut off anywhere, so
/// nothing is left half done that the next command would not finish or undo.
fn end_on_signals() {
    // Without it the process ends at once too, only without a word.
    let _ = ctrlc::set_handler(|| {
        let _ = writeln!(
            std::io::stderr(),
            "\ninterrupted: what was acknowledged is kept, the rest is undone; run it again"
        );
        #[expect(clippy::exit, reason = "the one place that ends on a signal")]
        std::process::exit(i32::from(exit::INTERRUPTED));
    });
}

/// Where the last panic was.
static PANICKED_AT: Mutex<String> = Mutex::new(String::new());

/// Keeps the default hook from writing a panic's message, which may quote a customer's value (a
/// slice of a text does). Panics of other libraries on damaged files are caught where they are
/// called, and answered as damage.
fn hold_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        *PANICKED_AT.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }));
}

/// Tells of a panic that nobody caught: a defect of ours.
fn report_panic() {
    let place = PANICKED_AT.lock().unwrap_or_else(PoisonError::into_inner);
    let mut stderr = std::io::stderr();
    let _ = writeln!(stderr, "error: internal error at {place}");
    let _ =
        writeln!(stderr, "hint: nothing that was acknowledged is lost; please report this place");
}

fn run(context: &Context, verb: &Verb) -> Result<Outcome> {
    match verb {
        Verb::Dedupe(args) => args.run(context),
        Verb::Init(args) => args.run(context),
        Verb::Ingest(args) => args.run(context),
        Verb::Rebuild(args) => args.run(context),
        Verb::Report(args) => args.run(context),
        Verb::Find(args) => args.run(context),
        Verb::Show(args) => args.run(context),
        Verb::Xref(args) => args.run(context),
        Verb::Why(args) => args.run(context),
        Verb::WhyNot(args) => args.run(context),
        Verb::How(args) => args.run(context),
        Verb::Judge(args) => args.run(context),
        Verb::Judgements(args) => args.run(context),
        Verb::History(args) => args.run(context),
        Verb::Changes(args) => args.run(context),
        Verb::Diff(args) => args.run(context),
        Verb::Plan(args) => args.run(context),
        Verb::Undo(args) => args.run(context),
        Verb::Export(args) => args.run(context),
        Verb::Evaluate(args) => args.run(context),
        Verb::Model(args) => args.run(context),
        Verb::Status(args) => args.run(context),
        Verb::Synth(args) => args.run(context),
        Verb::Sources(args) => args.run(context),
        Verb::Docs(args) => args.run(context),
        Verb::Verify(args) => args.run(context),
        Verb::Recover(args) => args.run(context),
        Verb::Backup(args) => args.run(context),
        Verb::Restore(args) => args.run(context),
        Verb::Migrate(args) => args.run(context),
        Verb::Quarantine(args) => args.run(context),
        Verb::Policy(args) => args.run(context),
        Verb::Conflicts(args) => args.run(context),
        Verb::SyncPlan(args) => args.run(context),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_of_the_arguments_is_sound() {
        Cli::command().debug_assert();
    }
}
