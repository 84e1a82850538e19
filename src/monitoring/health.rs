//! `/healthz`: the process answers. `/readyz`: its state can be read.

use crate::installation::Installation;
use crate::store::shops;
use actix_web::HttpResponse;
use actix_web::web::{Data, block};
use std::sync::Arc;

pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().body("ok\n")
}

pub async fn ready(installation: Data<Arc<Installation>>) -> HttpResponse {
    let shop = installation.shop_id();
    let asked = block(move || installation.store.read(|conn| shops::by_id(conn, shop))).await;
    match asked {
        Ok(Ok(_)) => HttpResponse::Ok().body("ready\n"),
        _ => HttpResponse::ServiceUnavailable().body("not ready: the state cannot be read\n"),
    }
}
