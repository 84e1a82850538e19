//! Handpick, the recommender that an online shop runs on its own hardware.
//!
//! The map of the house, from the roof to the ground. A room imports strictly lower floors; `tests/architecture.rs`
//! keeps it.
//!
//! | floor | rooms |
//! |---|---|
//! | 7 | `app`, `router`, `schedule`, `generation`, `cli` |
//! | 6 | `accounts`, `campaigns`, `dashboard`, `ingest`, `monitoring`, `reports`, `showroom`, `training` |
//! | 5 | `web` |
//! | 4 | `auth`, `jobs`, `picker`, `responses` |
//! | 3 | `installation`: config, folder, store, shop and clock of the running program |
//! | 2 | `store`, `history`, `sources`, `outside`, `sample_shop`, `telemetry` |
//! | 1 | `config`, `data_folder`, `records`, `recommender`, `tls` |
//! | 0 | `conditions`, `ids`, `index`, `money`, `progress` |

pub mod accounts;
pub mod app;
pub mod auth;
pub mod campaigns;
pub mod cli;
pub mod conditions;
pub mod config;
pub mod dashboard;
pub mod data_folder;
pub mod generation;
pub mod history;
pub mod ids;
pub mod index;
pub mod ingest;
pub mod installation;
pub mod jobs;
pub mod money;
pub mod monitoring;
pub mod outside;
pub mod picker;
pub mod progress;
pub mod recommender;
pub mod records;
pub mod reports;
pub mod responses;
pub mod router;
pub mod sample_shop;
pub mod schedule;
pub mod showroom;
pub mod sources;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod training;
pub mod web;
