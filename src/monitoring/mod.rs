//! What runs and what happened: jobs, the log, and the health that a load balancer asks for.

pub mod health;
pub mod jobs;
mod log_file;
pub mod logs;
