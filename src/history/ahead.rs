//! Events read and decoded while the ones before them are still looked at.

use super::HistoryError;
use super::snapshot::EventBatches;
use crate::records::Events;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{Builder, JoinHandle};

/// Batches that may wait to be looked at: a few megabytes.
const MOST_WAITING: usize = 2;

/// Batches of events, in the order in which they are stored; a thread of their own reads them.
pub struct EventsAhead {
    waiting: Option<Receiver<Result<Events, HistoryError>>>,
    reader: Option<JoinHandle<()>>,
}

impl EventsAhead {
    /// *Errors*: [`HistoryError::Reader`] when no thread can be started.
    pub(super) fn of(batches: EventBatches) -> Result<Self, HistoryError> {
        let (give, waiting) = sync_channel(MOST_WAITING);
        let read = move || {
            for batch in batches {
                // Whoever asked has seen enough.
                if give.send(batch).is_err() {
                    return;
                }
            }
        };
        let reader = Builder::new().name("history".into()).spawn(read);
        let reader = reader.map_err(|error| HistoryError::Reader { reason: error.to_string() })?;
        Ok(Self { waiting: Some(waiting), reader: Some(reader) })
    }
}

impl Iterator for EventsAhead {
    type Item = Result<Events, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Ok(batch) = self.waiting.as_ref()?.recv() {
            return Some(batch);
        }
        self.waiting = None;
        // Half a history must not look like a whole one.
        match self.reader.take()?.join() {
            Ok(()) => None,
            Err(_) => Some(Err(HistoryError::Reader { reason: "it ended before it had read all".into() })),
        }
    }
}

impl Drop for EventsAhead {
    /// The reader holds on to the files until it has ended.
    fn drop(&mut self) {
        self.waiting = None;
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap_or_default();
        }
    }
}
