//! How long work tells what it is doing and learns that it should stop.

/// Receives what long work reports. Implemented by the console, by a stored job, and by [`Silent`].
pub trait Progress: Sync {
    /// A new phase begins, named in plain words ("Reading orders"); `total` units when known.
    fn phase(&self, name: &str, total: Option<u64>);

    /// `units` more are done; cheap enough to be called per batch of rows.
    fn advance(&self, units: u64);

    /// True once somebody asked to stop: the work then ends soon and leaves nothing half-done.
    fn cancelled(&self) -> bool;
}

/// Nobody is watching.
pub struct Silent;

impl Progress for Silent {
    fn phase(&self, _name: &str, _total: Option<u64>) {}
    fn advance(&self, _units: u64) {}
    fn cancelled(&self) -> bool {
        false
    }
}
