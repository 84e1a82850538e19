//! The addresses that links and pictures of an e-mail lead to. Nobody signs in here.

use super::seal::{Seal, What};
use crate::campaigns::email::Drafts;
use crate::campaigns::email::is_harmless;
use crate::campaigns::links::Links;
use crate::history::History;
use crate::installation::Installation;
use crate::responses::is_program;
use crate::store::campaigns;
use crate::store::responses::{self, Response, ResponseKind};
use crate::web::{self, Page, WebError};
use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use std::sync::Arc;

/// One transparent point.
const POINT: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

fn agent(request: &HttpRequest) -> String {
    let value = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

fn note(installation: &Installation, what: &What, kind: ResponseKind, agent: &str) -> Result<(), WebError> {
    let shop = installation.shop_id();
    let response = Response {
        customer: what.customer.clone(),
        kind,
        slot: Some(i32::from(what.slot)).filter(|slot| *slot > 0),
        product: Some(what.product.clone()).filter(|product| !product.is_empty()),
        at: installation.now(),
        by_program: is_program(agent),
        from_file: false,
    };
    Ok(installation.store.write(|conn| match campaigns::by_id(conn, shop, what.campaign)? {
        Some(_) => responses::add(conn, what.campaign, &response),
        None => Ok(()),
    })?)
}

/// GET /c/{token}: to the product, or where there is none any more, to the shop's front
pub async fn follow(
    request: HttpRequest,
    token: Path<String>,
    installation: Data<Arc<Installation>>,
    drafts: Data<Drafts>,
) -> Page {
    let (installation, drafts) = (installation.get_ref().clone(), drafts.into_inner());
    let agent = agent(&request);
    let target = web::blocking(move || {
        let seal = Seal::new("", &installation.shop.secret);
        let what = seal.open(&token).ok_or_else(|| {
            WebError::NotFound("This link is not whole. Use the one in the e-mail as it stands there.".into())
        })?;
        let kind = if what.slot == 0 { ResponseKind::Trap } else { ResponseKind::Click };
        note(&installation, &what, kind, &agent)?;
        target(&installation, &drafts, &what)
    })
    .await?;
    let gone = || WebError::NotFound("The shop does not have this product any more.".into());
    let target = target.ok_or_else(gone)?;
    Ok(HttpResponse::Found().insert_header((header::LOCATION, target)).finish())
}

/// The product's address with the campaign's marks; `None` for one that is gone or has none.
fn target(installation: &Installation, drafts: &Drafts, what: &What) -> Result<Option<String>, WebError> {
    let shop = installation.shop_id();
    let internal = |error: crate::history::HistoryError| WebError::Internal(error.to_string());
    let history = History::open(&installation.folder.history(shop)).map_err(internal)?;
    let snapshot = history.snapshot().map_err(internal)?;
    let catalogue = drafts.catalogue(&snapshot).map_err(internal)?;
    let campaign = installation.store.read(|conn| campaigns::by_id(conn, shop, what.campaign))?;
    let (Some(campaign), Some(number)) = (campaign, catalogue.number(&what.product)) else { return Ok(None) };
    let url = catalogue.product(number).url.as_deref().filter(|url| is_harmless(url));
    let links = Links::new(campaign.id, &campaign.name, &installation.shop.secret);
    Ok(url.map(|url| {
        let base = if url.starts_with('/') { installation.config.server.public_url.as_str() } else { "" };
        let url = format!("{}{url}", base.trim_end_matches('/'));
        links.link(&url, &links.token(&what.customer), what.slot)
    }))
}

/// GET /o/{token}.gif
pub async fn picture(
    request: HttpRequest,
    token: Path<String>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let installation = installation.get_ref().clone();
    let agent = agent(&request);
    web::blocking(move || match Seal::new("", &installation.shop.secret).open(&token) {
        Some(what) => note(&installation, &what, ResponseKind::Open, &agent),
        None => Ok(()),
    })
    .await?;
    Ok(HttpResponse::Ok().content_type("image/gif").body(POINT))
}
