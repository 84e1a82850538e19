//! What servers of the tests have in common: each line in a thread of its own, and a process that is killed at a moment
//! that can be counted to.

use std::net::{TcpListener, TcpStream};
use std::process::Command;

/// Listens on a free port of this machine, and answers it; `talk` gets each line.
pub fn serve(talk: impl Fn(TcpStream) -> std::io::Result<()> + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for line in listener.incoming().flatten() {
            let talk = talk.clone();
            // A line that breaks is what is being tested.
            std::thread::spawn(move || talk(line).ok());
        }
    });
    port
}

/// Counts what happens, and kills a process at one of it.
#[derive(Default)]
pub struct Killer {
    events: usize,
    kill: Option<(usize, u32)>,
}

impl Killer {
    /// `process`, at its `event`th event from now on.
    pub fn arm(&mut self, event: usize, process: u32) {
        *self = Self { events: 0, kill: Some((event, process)) };
    }

    /// Something happened. A process killed by it is gone before its line goes on.
    pub fn event(&mut self) {
        self.events += 1;
        if let Some((event, process)) = self.kill
            && self.events == event
        {
            self.kill = None;
            Command::new("kill").args(["-9", &process.to_string()]).status().unwrap();
        }
    }
}
