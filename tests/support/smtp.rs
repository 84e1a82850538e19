//! A mail server on a free port of this machine: it takes e-mails, answers as it is told to, and keeps a list of what
//! it took. It speaks as little SMTP as Handpick needs.

use super::line::{Killer, serve};
use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// What the server does to one e-mail of a recipient instead of taking it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// Answers so to RCPT.
    Rcpt(&'static str),
    /// Answers so to the whole e-mail.
    End(&'static str),
    /// Hangs up at DATA.
    DropAtData,
    /// Hangs up in the middle of the text.
    DropInText,
    /// Takes it, and hangs up instead of saying so.
    TakeAndDrop,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub to: String,
    pub text: String,
}

impl Taken {
    /// The value of a header, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.text.split("\r\n\r\n").next()?.replace("\r\n ", " ").replace("\r\n\t", " ");
        let start = format!("{name}: ");
        head.split("\r\n").find_map(|line| line.strip_prefix(&start)).map(str::to_owned)
    }
}

#[derive(Default)]
struct State {
    taken: Vec<Taken>,
    does: HashMap<String, VecDeque<Does>>,
    sender_answer: Option<&'static str>,
    killer: Killer,
    pauses: Duration,
}

/// Cheap to clone; the server ends with the test.
#[derive(Clone)]
pub struct MailServer {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl MailServer {
    pub fn start() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let own = state.clone();
        let port = serve(move |line| Self { port: 0, state: own.clone() }.talk(line));
        Self { port, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.state().taken.clone()
    }

    /// The addresses of what it took, in order of the alphabet.
    pub fn recipients(&self) -> Vec<String> {
        let mut all: Vec<String> = self.taken().into_iter().map(|taken| taken.to).collect();
        all.sort();
        all
    }

    /// What it does to the next e-mails to `to`, one after the other; then it takes them.
    pub fn does(&self, to: &str, what: &[Does]) {
        self.state().does.insert(to.to_owned(), what.iter().copied().collect());
    }

    /// Answers so to every MAIL; `None` takes it again.
    pub fn answers_sender(&self, answer: Option<&'static str>) {
        self.state().sender_answer = answer;
    }

    /// Thinks so long about each e-mail.
    pub fn thinks(&self, pause: Duration) {
        self.state().pauses = pause;
    }

    /// Kills `process` at its `event`th event from now on.
    pub fn kills(&self, event: usize, process: u32) {
        self.state().killer.arm(event, process);
    }

    /// Something happened on a line. A process killed by it is gone before the line goes on.
    fn event(&self) {
        self.state().killer.event();
    }

    fn next(&self, to: &str) -> Option<Does> {
        self.state().does.get_mut(to).and_then(VecDeque::pop_front)
    }

    fn talk(&self, mut line: TcpStream) -> std::io::Result<()> {
        line.set_nodelay(true)?;
        let mut reader = BufReader::new(line.try_clone()?);
        let mut say = |text: &str| line.write_all(format!("{text}\r\n").as_bytes());
        say("220 test server")?;
        let (mut to, mut does) = (String::new(), None);
        loop {
            let mut command = String::new();
            if reader.read_line(&mut command)? == 0 {
                return Ok(());
            }
            self.event();
            let command = command.trim_end();
            match command.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => say("250-test server\r\n250 8BITMIME")?,
                "MAIL" => {
                    let answer = self.state().sender_answer;
                    say(answer.unwrap_or("250 go on"))?;
                }
                "RCPT" => {
                    to = command.trim_start_matches("RCPT TO:<").trim_end_matches('>').to_owned();
                    does = self.next(&to);
                    match does {
                        Some(Does::Rcpt(answer)) => say(answer)?,
                        _ => say("250 go on")?,
                    }
                }
                "DATA" if does == Some(Does::DropAtData) => return Ok(()),
                "DATA" => {
                    say("354 the text")?;
                    let Some(text) = self.text(&mut reader, does)? else { return Ok(()) };
                    self.event();
                    std::thread::sleep(self.state().pauses);
                    if let Some(Does::End(answer)) = does {
                        say(answer)?;
                        continue;
                    }
                    self.state().taken.push(Taken { to: to.clone(), text });
                    self.event();
                    if does == Some(Does::TakeAndDrop) {
                        return Ok(());
                    }
                    say("250 taken")?;
                    self.event();
                }
                "RSET" => say("250 forgotten")?,
                "QUIT" => return say("221 bye"),
                _ => say("500 what?")?,
            }
            if matches!(does, Some(Does::Rcpt(answer)) if answer.starts_with("421")) {
                return Ok(());
            }
        }
    }

    /// Up to the lonely dot; `None` when the line ends before.
    fn text(&self, reader: &mut BufReader<TcpStream>, does: Option<Does>) -> std::io::Result<Option<String>> {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 || does == Some(Does::DropInText) {
                return Ok(None);
            }
            if line == ".\r\n" {
                return Ok(Some(text));
            }
            text += line.strip_prefix('.').unwrap_or(&line);
        }
    }
}
