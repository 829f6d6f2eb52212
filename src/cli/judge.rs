use clap::ValueEnum;
use sameas::clustering::contradictions;
use sameas::error::Result;
use sameas::model::{RecordKey, Timestamp, Verdict};
use sameas::pipeline;
use sameas::query::resolve_key;
use serde::Serialize;

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table};

/// Record a person's decision on two records; every rebuild honours it
///
/// `different` is a wall that no chain of matches bridges; `same` joins; `unsure` was looked at and
/// left open; `withdraw` takes the last decision on the pair back.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas judge different shop-eu:7900067283724 crm:0035g0000EnaxfbAQA \
                        --note \"father and son\"\n  sameas judge withdraw shop-eu:7900067283724 \
                        crm:0035g0000EnaxfbAQA"
)]
pub(super) struct Args {
    /// The decision
    verdict: Word,
    /// SOURCE:RECORD or SOURCE:OBJECT/RECORD
    a: String,
    /// SOURCE:RECORD or SOURCE:OBJECT/RECORD
    b: String,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// Who decides [default: the user's name]
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Word {
    Same,
    Different,
    Unsure,
    Withdraw,
}

impl From<Word> for Verdict {
    fn from(word: Word) -> Self {
        match word {
            Word::Same => Self::Same,
            Word::Different => Self::Different,
            Word::Unsure => Self::Unsure,
            Word::Withdraw => Self::Withdrawn,
        }
    }
}

#[derive(Serialize)]
struct JudgeAnswer {
    sequence: u64,
    a: String,
    b: String,
    verdict: Verdict,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let store = context.existing_store()?;
        let view = context.view()?;
        let (a, b) = (resolve_key(&view, &self.a)?, resolve_key(&view, &self.b)?);
        drop(view);
        if a == b {
            return Err(same_record());
        }
        let mut engine = context.engine(&store, context.config(Some(&store))?)?;
        let verdict = Verdict::from(self.verdict);
        let by = self.by.clone().unwrap_or_else(user);
        let (a_text, b_text) = (a.to_string(), b.to_string());
        let sequence = engine.judge(a, b, verdict, &by, &self.note, now())?;
        drop(engine);
        let word = format!("{verdict:?}").to_lowercase();
        let mut table = Table::new(["judgement", "verdict", "a", "b"]);
        table.row([sequence.to_string(), word, a_text.clone(), b_text.clone()]);
        let answer = JudgeAnswer { sequence, a: a_text, b: b_text, verdict };
        context.answer(&Answer::new(&answer)?.table(table))?;
        for found in contradictions(&pipeline::judgements(&store)?, RecordKey::clone) {
            let own = found.chain.iter().chain([&found.different]);
            if own.into_iter().any(|judgement| judgement.sequence == sequence) {
                context.warning(&format!("judgements contradict each other: {found}"));
            }
        }
        context.message("`sameas rebuild` applies it.");
        Ok(Outcome::DONE)
    }
}

pub(super) fn same_record() -> sameas::error::Error {
    sameas::error::Error::new(
        sameas::error::ErrorKind::Config,
        "both ids name one and the same record",
    )
}

/// The name of the user of this process.
pub(super) fn user() -> String {
    let name =
        ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

pub(super) fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_second())
}
