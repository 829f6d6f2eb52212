//! The flags that every verb has.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sameas::config::{parse_size, parse_time};
use sameas::model::Timestamp;

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Folder of the store [default: ./.sameas]
    #[arg(long, global = true, value_name = "DIR", env = "SAMEAS_STORE")]
    pub(super) store: Option<PathBuf>,
    /// Configuration file; `sameas.toml` of the store and of the working directory follow it
    #[arg(long, global = true, value_name = "FILE", env = "SAMEAS_CONFIG")]
    pub(super) config: Option<PathBuf>,
    /// Form of what goes to stdout [default: table]
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    pub(super) format: Option<Format>,
    /// Threads to work with [default: all]
    #[arg(long, global = true, value_name = "N", env = "SAMEAS_THREADS", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) threads: Option<u16>,
    /// Most memory to use, such as 4G [default: half of the machine's]
    #[arg(long, global = true, value_name = "SIZE", env = "SAMEAS_MAX_MEMORY", value_parser = size)]
    pub(super) max_memory: Option<u64>,
    /// Count ages from this date [default: the newest time in the data]
    #[arg(long, global = true, value_name = "DATE", value_parser = time)]
    pub(super) as_of: Option<Timestamp>,
    /// Say nothing but errors
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Say more (-vv: still more)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Show no progress bars
    #[arg(long, global = true)]
    pub(super) no_progress: bool,
    /// Colours [default: on a terminal, unless NO_COLOR is set]
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    pub(super) color: Option<Color>,
    /// Log as one JSON object a line
    #[arg(long, global = true)]
    pub(super) json_logs: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Aligned on a terminal, tab-separated in a pipe
    Table,
    /// One JSON value
    Json,
    /// One JSON value a line
    Jsonl,
    /// Comma-separated, exact values
    Csv,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

fn size(text: &str) -> Result<u64, String> {
    parse_size(text).ok_or_else(|| "write a size such as 4G or 512M".to_owned())
}

fn time(text: &str) -> Result<Timestamp, String> {
    parse_time(text).ok_or_else(|| "write a date such as 2026-08-31".to_owned())
}
