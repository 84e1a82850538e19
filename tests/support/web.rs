//! A web server on a free port of this machine that answers as a function says, and keeps what it was asked.

use super::line::{Killer, serve};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub method: String,
    /// With what stands behind the question mark, decoded.
    pub path: String,
    pub authorization: String,
    /// `Null` where there is none.
    pub json: Value,
}

pub enum Answer {
    Json(u16, Value),
    /// Hangs up instead.
    Nothing,
    /// Does what it is told, and hangs up instead of saying so.
    Silent,
}

#[derive(Default)]
struct State {
    asked: Vec<Asked>,
    killer: Killer,
}

/// Cheap to clone; the server ends with the test.
#[derive(Clone)]
pub struct Web {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Web {
    pub fn start(answer: impl Fn(&Asked) -> Answer + Clone + Send + 'static) -> Self {
        let state = Arc::<Mutex<State>>::default();
        let own = state.clone();
        let port = serve(move |line| talk(line, &own, &answer));
        Self { port, state }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.state.lock().unwrap().asked.clone()
    }

    /// `process` is killed at its `event`th request from now on, before it is answered.
    pub fn kills(&self, event: usize, process: u32) {
        self.state.lock().unwrap().killer.arm(event, process);
    }
}

fn talk(
    mut line: TcpStream,
    state: &Mutex<State>,
    answer: &impl Fn(&Asked) -> Answer,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(line.try_clone()?);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let (mut length, mut authorization) = (0, String::new());
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let Some((name, value)) = header.trim().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "authorization" => authorization = value.trim().to_owned(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let mut words = first.split(' ');
        let asked = Asked {
            method: words.next().unwrap_or_default().to_owned(),
            path: decoded(words.next().unwrap_or_default()),
            authorization,
            json: serde_json::from_slice(&body).unwrap_or(Value::Null),
        };
        let said = answer(&asked);
        {
            let mut state = state.lock().unwrap();
            state.asked.push(asked);
            state.killer.event();
        }
        let Answer::Json(status, json) = said else { return Ok(()) };
        let text = json.to_string();
        write!(
            line,
            "HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{text}",
            text.len()
        )?;
    }
}

fn decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        let hex = |byte: Option<u8>| char::from(byte.unwrap()).to_digit(16).unwrap() as u8;
        bytes.push(if byte == b'%' { hex(rest.next()) * 16 + hex(rest.next()) } else { byte });
    }
    String::from_utf8(bytes).unwrap()
}
