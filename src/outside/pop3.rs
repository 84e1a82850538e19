//! A mailbox read by POP3 (RFC 1939, RFC 2595): what is in it, one message at a time, and what may go.
//!
//! The protocol is a handful of commands, and no library of it is looked after. It decides nothing: what a message
//! means is its caller's.

use crate::config::{MailTls, Mailbox};
use crate::tls;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Larger messages are read to this many lines of their body: what says why they came back stands before.
const WHOLE: u64 = 256 << 10;
const LINES: u32 = 1_000;
/// No line of a message may be longer, whatever the server sends (RFC 5322 has 998).
const LONGEST_LINE: u64 = 64 << 10;
/// No message is longer than this, whatever the server says of its size.
const LONGEST: usize = 8 << 20;

#[derive(Debug, thiserror::Error)]
pub enum PopError {
    #[error("{host} cannot be reached ({reason}); see mailbox.host, mailbox.port and mailbox.tls")]
    Unreachable { host: String, reason: String },
    #[error("the line to {host} cannot be encrypted ({reason}); see mailbox.tls and mailbox.ca_file")]
    Encryption { host: String, reason: String },
    #[error("{host} does not let us in ({reason}); see mailbox.user and mailbox.password")]
    SignIn { host: String, reason: String },
    #[error("{host} answered something else than was asked ({reason})")]
    Answer { host: String, reason: String },
}

impl PopError {
    /// Worth another try later without anybody's doing.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Answer { .. })
    }
}

trait Line: Read + Write + Send {}
impl<T: Read + Write + Send> Line for T {}

/// An open mailbox. What is deleted goes when it is closed, and stays when the line breaks before.
pub struct Pop3 {
    host: String,
    line: BufReader<Box<dyn Line>>,
}

impl Pop3 {
    pub fn open(mailbox: &Mailbox) -> Result<Self, PopError> {
        let host = &mailbox.host;
        let unreachable =
            |error: io::Error| PopError::Unreachable { host: host.clone(), reason: error.to_string() };
        let plain = connect(host, mailbox.port()).map_err(unreachable)?;
        let mut pop = match mailbox.tls {
            MailTls::Tls => Self::over(host, encrypted(mailbox, plain)?),
            MailTls::Off => Self::over(host, plain),
            MailTls::Starttls => {
                let raw = plain.try_clone().map_err(unreachable)?;
                let mut clear = Self::over(host, plain);
                clear.answer()?;
                clear.ask("STLS")?;
                Self::over(host, encrypted(mailbox, raw)?)
            }
        };
        if mailbox.tls != MailTls::Starttls {
            pop.answer()?;
        }
        let refused = |error: PopError| match error {
            PopError::Answer { host, reason } => PopError::SignIn { host, reason },
            other => other,
        };
        pop.ask(&format!("USER {}", one_line(&mailbox.user)?)).map_err(refused)?;
        pop.ask(&format!("PASS {}", one_line(mailbox.password.reveal())?)).map_err(refused)?;
        Ok(pop)
    }

    fn over(host: &str, line: impl Line + 'static) -> Self {
        Self { host: host.to_owned(), line: BufReader::new(Box::new(line)) }
    }

    /// Number and bytes of each message.
    pub fn messages(&mut self) -> Result<Vec<(u32, u64)>, PopError> {
        self.ask("LIST")?;
        let mut all = Vec::new();
        while let Some(line) = self.text_line()? {
            let text = String::from_utf8_lossy(&line).into_owned();
            let mut words = text.split_ascii_whitespace().map(str::parse::<u64>);
            let (Some(Ok(number)), Some(Ok(bytes))) = (words.next(), words.next()) else {
                return Err(self.strange(&text));
            };
            all.push((u32::try_from(number).map_err(|_| self.strange(&text))?, bytes));
        }
        Ok(all)
    }

    /// A message of so many bytes as it stands there, cut when it is large.
    pub fn fetch(&mut self, (number, bytes): (u32, u64)) -> Result<Vec<u8>, PopError> {
        match bytes > WHOLE {
            true => self.ask(&format!("TOP {number} {LINES}"))?,
            false => self.ask(&format!("RETR {number}"))?,
        }
        let mut whole = Vec::new();
        while let Some(line) = self.text_line()? {
            if whole.len() + line.len() < LONGEST {
                whole.extend_from_slice(&line);
                whole.extend_from_slice(b"\r\n");
            }
        }
        Ok(whole)
    }

    /// To go when the mailbox is closed.
    pub fn delete(&mut self, number: u32) -> Result<(), PopError> {
        self.ask(&format!("DELE {number}"))
    }

    pub fn close(mut self) -> Result<(), PopError> {
        self.ask("QUIT")
    }

    fn ask(&mut self, command: &str) -> Result<(), PopError> {
        let line = self.line.get_mut();
        let sent = line.write_all(command.as_bytes()).and_then(|()| line.write_all(b"\r\n"));
        sent.and_then(|()| line.flush()).map_err(|error| self.broken(&error))?;
        self.answer()
    }

    fn answer(&mut self) -> Result<(), PopError> {
        let line = self.line()?;
        let text = String::from_utf8_lossy(&line).into_owned();
        if text.starts_with("+OK") { Ok(()) } else { Err(self.strange(text.trim_start_matches("-ERR "))) }
    }

    /// `None` at the end of what was asked for; a doubled dot at the beginning stands for one.
    fn text_line(&mut self) -> Result<Option<Vec<u8>>, PopError> {
        let mut line = self.line()?;
        if line == b"." {
            return Ok(None);
        }
        if line.starts_with(b".") {
            line.remove(0);
        }
        Ok(Some(line))
    }

    fn line(&mut self) -> Result<Vec<u8>, PopError> {
        let mut line = Vec::new();
        let read = (&mut self.line).take(LONGEST_LINE).read_until(b'\n', &mut line);
        read.map_err(|error| self.broken(&error))?;
        if !line.ends_with(b"\n") {
            let reason = if line.is_empty() { "the line broke" } else { "a line that does not end" };
            return Err(self.strange(reason));
        }
        while line.ends_with(b"\n") || line.ends_with(b"\r") {
            line.pop();
        }
        Ok(line)
    }

    fn broken(&self, error: &io::Error) -> PopError {
        PopError::Unreachable { host: self.host.clone(), reason: error.to_string() }
    }

    fn strange(&self, said: &str) -> PopError {
        PopError::Answer { host: self.host.clone(), reason: said.chars().take(200).collect() }
    }
}

fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "it has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => {
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn encrypted(
    mailbox: &Mailbox,
    stream: TcpStream,
) -> Result<StreamOwned<ClientConnection, TcpStream>, PopError> {
    let unsafe_line = |reason: String| PopError::Encryption { host: mailbox.host.clone(), reason };
    let config = tls::client(&mailbox.ca_file).map_err(unsafe_line)?;
    let name = ServerName::try_from(mailbox.host.clone()).map_err(|error| unsafe_line(error.to_string()))?;
    let connection =
        ClientConnection::new(Arc::new(config), name).map_err(|error| unsafe_line(error.to_string()))?;
    let mut line = StreamOwned::new(connection, stream);
    // Shaken hands now, so that a certificate that is not trusted is told from a line that broke later.
    while line.conn.is_handshaking() {
        line.conn.complete_io(&mut line.sock).map_err(|error| unsafe_line(error.to_string()))?;
    }
    Ok(line)
}

/// A name or password with a line end in it would be two commands.
fn one_line(text: &str) -> Result<&str, PopError> {
    if text.contains(['\r', '\n']) {
        let reason = "name or password has a line end in it".to_owned();
        return Err(PopError::SignIn { host: "the mailbox".into(), reason });
    }
    Ok(text)
}
