//! Progress on the console: phase, count, rate and time left on stderr.
//!
//! Where stderr is no terminal (a log, a pipe) only the phases are written, one line each.

use crate::progress::Progress;
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

const DRAW_EVERY: Duration = Duration::from_millis(200);

pub struct ConsoleProgress {
    terminal: Terminal,
    state: Mutex<State>,
}

enum Terminal {
    Live,
    Lines,
}

struct State {
    phase: String,
    done: u64,
    total: Option<u64>,
    started: Instant,
    drawn: Instant,
}

impl Default for ConsoleProgress {
    fn default() -> Self {
        Self::new()
    }
}

impl ConsoleProgress {
    pub fn new() -> Self {
        let terminal = if std::io::stderr().is_terminal() { Terminal::Live } else { Terminal::Lines };
        let now = Instant::now();
        let state = State { phase: String::new(), done: 0, total: None, started: now, drawn: now };
        Self { terminal, state: Mutex::new(state) }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for ConsoleProgress {
    fn drop(&mut self) {
        let state = self.locked();
        if matches!(self.terminal, Terminal::Live) && !state.phase.is_empty() {
            draw(&state, "\n");
        }
    }
}

impl Progress for ConsoleProgress {
    fn phase(&self, name: &str, total: Option<u64>) {
        let mut state = self.locked();
        if matches!(self.terminal, Terminal::Live) && !state.phase.is_empty() {
            draw(&state, "\n");
        }
        let now = Instant::now();
        *state = State { phase: name.to_owned(), done: 0, total, started: now, drawn: now };
        match self.terminal {
            Terminal::Live => draw(&state, ""),
            Terminal::Lines => eprintln!("{name}"),
        }
    }

    fn advance(&self, units: u64) {
        let mut state = self.locked();
        state.done += units;
        if matches!(self.terminal, Terminal::Live) && state.drawn.elapsed() >= DRAW_EVERY {
            state.drawn = Instant::now();
            draw(&state, "");
        }
    }

    fn cancelled(&self) -> bool {
        // Ctrl-C ends the process; everything that must not be half-done is published by rename.
        false
    }
}

fn draw(state: &State, end: &str) {
    // A console that went away is no reason to stop the work.
    write!(std::io::stderr(), "\r\x1b[2K{}{end}", line(state, state.started.elapsed())).unwrap_or(());
}

fn line(state: &State, elapsed: Duration) -> String {
    let mut line = state.phase.clone();
    if state.done == 0 {
        return line;
    }
    let rate = state.done as f64 / elapsed.as_secs_f64().max(0.001);
    match state.total {
        Some(total) if total > 0 => {
            let left = total.saturating_sub(state.done) as f64 / rate;
            line += &format!(": {} of {total}, {rate:.0}/s, {left:.0} s left", state.done);
        }
        _ => line += &format!(": {}, {rate:.0}/s", state.done),
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_far_and_how_long() {
        let now = Instant::now();
        let state =
            State { phase: "Reading orders".into(), done: 50, total: Some(200), started: now, drawn: now };
        assert_eq!(line(&state, Duration::from_secs(5)), "Reading orders: 50 of 200, 10/s, 15 s left");
    }
}
