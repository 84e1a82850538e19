//! A mailbox on a free port of this machine, read by POP3: it keeps what is not deleted when the line breaks, as
//! RFC 1939 has it.

use super::line::{Killer, serve};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard};

#[derive(Default)]
struct State {
    messages: Vec<String>,
    killer: Killer,
    /// Hangs up when this is asked.
    drops_at: Option<&'static str>,
}

/// Cheap to clone; the server ends with the test.
#[derive(Clone)]
pub struct MailboxServer {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl MailboxServer {
    pub fn start() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let own = state.clone();
        let port = serve(move |line| Self { port: 0, state: own.clone() }.talk(line));
        Self { port, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn put(&self, message: &str) {
        self.state().messages.push(message.replace("\r\n", "\n").replace('\n', "\r\n"));
    }

    pub fn messages(&self) -> Vec<String> {
        self.state().messages.clone()
    }

    pub fn drops_at(&self, command: Option<&'static str>) {
        self.state().drops_at = command;
    }

    /// Kills `process` at its `event`th command from now on.
    pub fn kills(&self, event: usize, process: u32) {
        self.state().killer.arm(event, process);
    }

    fn event(&self) {
        self.state().killer.event();
    }

    fn talk(&self, mut line: TcpStream) -> std::io::Result<()> {
        line.set_nodelay(true)?;
        let reader = BufReader::new(line.try_clone()?);
        let messages = self.messages();
        let mut deleted = vec![false; messages.len()];
        let mut user = String::new();
        write!(line, "+OK ready\r\n")?;
        for command in reader.lines() {
            let command = command?;
            self.event();
            let (verb, rest) = command.split_once(' ').unwrap_or((&command, ""));
            if self.state().drops_at.is_some_and(|at| at == verb) {
                return Ok(());
            }
            let number =
                || rest.split(' ').next().and_then(|n| n.parse::<usize>().ok()).unwrap_or(0).wrapping_sub(1);
            match verb {
                "USER" => {
                    rest.clone_into(&mut user);
                    write!(line, "+OK\r\n")?;
                }
                "PASS" if user == "bounces" && rest == "secret word" => write!(line, "+OK in\r\n")?,
                "PASS" => write!(line, "-ERR wrong name or password\r\n")?,
                "LIST" => {
                    write!(line, "+OK\r\n")?;
                    for (at, message) in messages.iter().enumerate().filter(|(at, _)| !deleted[*at]) {
                        write!(line, "{} {}\r\n", at + 1, message.len())?;
                    }
                    write!(line, ".\r\n")?;
                }
                "RETR" | "TOP" => match messages.get(number()) {
                    Some(message) => {
                        write!(line, "+OK\r\n")?;
                        for text in message.lines() {
                            let dot = if text.starts_with('.') { "." } else { "" };
                            write!(line, "{dot}{text}\r\n")?;
                        }
                        write!(line, ".\r\n")?;
                    }
                    None => write!(line, "-ERR no such message\r\n")?,
                },
                "DELE" => {
                    deleted[number()] = true;
                    write!(line, "+OK\r\n")?;
                }
                "QUIT" => {
                    let mut at = 0;
                    let mut state = self.state();
                    state.messages.retain(|_| {
                        at += 1;
                        !deleted.get(at - 1).copied().unwrap_or(false)
                    });
                    drop(state);
                    write!(line, "+OK\r\n")?;
                    return Ok(());
                }
                _ => write!(line, "-ERR not known\r\n")?,
            }
        }
        Ok(())
    }
}
