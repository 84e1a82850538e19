//! Reading and writing at the same time: the database's rows go through a short queue to a thread that writes.

use super::SyncError;
use crate::history::{HistoryError, Update};
use crate::progress::Progress;
use crate::records::{Customer, Events, Product};
use crate::sources::{SourceError, Stop};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Batches on their way: enough that neither side waits for the other's hiccups.
const DEPTH: usize = 4;

enum Batch {
    Products(Vec<Product>),
    Customers(Vec<Customer>),
    Events(usize, Box<Events>),
}

/// The reading side's end: batches in, memory back.
pub(super) struct Feed<'a> {
    batches: SyncSender<Batch>,
    used: Receiver<Box<Events>>,
    progress: &'a dyn Progress,
}

impl Feed<'_> {
    pub fn products(&mut self, batch: &[Product]) -> Result<(), Stop> {
        self.send(batch.len(), Batch::Products(batch.to_vec()))
    }

    pub fn customers(&mut self, batch: &[Customer]) -> Result<(), Stop> {
        self.send(batch.len(), Batch::Customers(batch.to_vec()))
    }

    /// `source` is its number among the sources' names.
    pub fn events(&mut self, source: usize, batch: &Events) -> Result<(), Stop> {
        let mut copy = self.used.try_recv().unwrap_or_default();
        copy.copy_from(batch);
        self.send(batch.len(), Batch::Events(source, copy))
    }

    fn send(&self, rows: usize, batch: Batch) -> Result<(), Stop> {
        if self.progress.cancelled() {
            return Err(Stop("cancelled".into()));
        }
        self.progress.advance(rows as u64);
        // The writer's own error is the one that is told.
        self.batches.send(batch).map_err(|_| Stop("the history cannot be written".into()))
    }
}

/// Runs `read` on this thread and writes what it feeds on another.
pub(super) fn run<T>(
    update: &mut Update<'_>,
    sources: &[String],
    progress: &dyn Progress,
    read: impl FnOnce(&mut Feed<'_>) -> Result<T, SyncError>,
) -> Result<T, SyncError> {
    let (batches, incoming) = sync_channel(DEPTH);
    let (give_back, used) = sync_channel(DEPTH);
    let (read, written) = std::thread::scope(|threads| {
        let writer = threads.spawn(move || write(update, sources, &incoming, &give_back));
        let read = read(&mut Feed { batches, used, progress });
        (read, writer.join())
    });
    match (read, written) {
        (_, Err(panic)) => std::panic::resume_unwind(panic),
        (_, Ok(Err(error))) => Err(error.into()),
        (Err(SyncError::Source(SourceError::Stopped(_))), _) => Err(SyncError::Cancelled),
        (read, Ok(Ok(()))) => read,
    }
}

fn write(
    update: &mut Update<'_>,
    sources: &[String],
    incoming: &Receiver<Batch>,
    give_back: &SyncSender<Box<Events>>,
) -> Result<(), HistoryError> {
    // Returning early drops the receiver, which stops the reading side.
    for batch in incoming {
        match batch {
            Batch::Products(products) => update.products(&products)?,
            Batch::Customers(customers) => update.customers(&customers)?,
            Batch::Events(source, events) => {
                update.events(&sources[source], &events)?;
                // Full or gone: the batch's memory is simply let go.
                drop(give_back.try_send(events));
            }
        }
    }
    Ok(())
}
