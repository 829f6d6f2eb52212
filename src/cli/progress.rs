//! Progress on stderr: a bar with rate and remaining time on a terminal, nothing in a pipe.

use std::io::{IsTerminal, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use sameas::pipeline::Progress;

use super::output::clean;

pub(super) fn progress(quiet: bool, no_progress: bool) -> Box<dyn Progress> {
    if quiet {
        Box::new(Silent)
    } else if no_progress || !std::io::stderr().is_terminal() {
        Box::new(Messages)
    } else {
        let bar = ProgressBar::no_length();
        bar.enable_steady_tick(Duration::from_millis(200));
        Box::new(Bar(bar))
    }
}

/// Says nothing.
struct Silent;

impl Progress for Silent {
    fn stage(&self, _: &str, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn message(&self, _: &str) {}
    fn finish(&self) {}
}

/// Passes sentences on, without bars.
struct Messages;

impl Progress for Messages {
    fn stage(&self, _: &str, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn message(&self, text: &str) {
        let _ = writeln!(std::io::stderr(), "{}", clean(text));
    }
    fn finish(&self) {}
}

/// One bar, used anew for each stage.
struct Bar(ProgressBar);

impl Progress for Bar {
    fn stage(&self, name: &str, total: Option<u64>) {
        self.0.reset();
        self.0.set_message(clean(name));
        let template = match total {
            Some(total) => {
                self.0.set_length(total);
                "{msg:24} [{bar:30}] {human_pos}/{human_len} {per_sec} {eta} left"
            }
            None => {
                self.0.unset_length();
                "{msg:24} {spinner} {human_pos} {per_sec} {elapsed}"
            }
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style.progress_chars("=> "));
        }
    }

    fn advance(&self, by: u64) {
        self.0.inc(by);
    }

    fn message(&self, text: &str) {
        self.0.println(clean(text));
    }

    fn finish(&self) {
        self.0.finish_and_clear();
    }
}
