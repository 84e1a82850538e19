//! Handpick, the recommender that an online shop runs on its own hardware.
//!
//! The map of the house, from the roof to the ground. A room imports strictly lower floors; `tests/architecture.rs`
//! keeps it.
//!
//! | floor | rooms |
//! |---|---|
//! | 5 | `app`, `router`, `schedule`, `cli` |
//! | 4 | `campaigns`, `reports`, `training`, `ingest`, `dashboard`, `monitoring` |
//! | 3 | `picker`, `web`, `auth`, `jobs` |
//! | | `installation`: config, folder, store, shop and clock of the running program |
//! | 2 | `store`, `history`, `sources`, `sample_shop` |
//! | 1 | `config`, `data_folder`, `telemetry` |
//! | 0 | `ids`, `index`, `money`, `progress`, `recommender` |

pub mod config;
pub mod data_folder;
pub mod history;
pub mod ids;
pub mod index;
pub mod installation;
pub mod jobs;
pub mod money;
pub mod picker;
pub mod progress;
pub mod recommender;
pub mod sources;
pub mod store;
