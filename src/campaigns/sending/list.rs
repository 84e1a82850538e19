//! What became of every recipient, as a file: by customer id, without addresses.

use crate::auth::Marketer;
use crate::campaigns::pages::find;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::store::mails::{self, Mail, MailState};
use crate::web::{self, Page, WebError};
use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Path};
use chrono::SecondsFormat;
use futures_util::stream;
use std::sync::Arc;

/// Rows in memory at a time.
const ROWS: i64 = 5_000;

/// GET /campaigns/{id}/sending.csv
pub async fn list(
    Marketer(_): Marketer,
    id: Path<CampaignId>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let installation = installation.get_ref().clone();
    let id = *id;
    find(&installation, id)?;
    let first = Some((String::new(), "customer,state,tries,last_tried_at,answer\r\n".to_owned()));
    let rows = stream::try_unfold(first, move |place| {
        let installation = installation.clone();
        async move {
            let Some((after, head)) = place else { return Ok::<_, WebError>(None) };
            let rows = web::blocking(move || {
                Ok(installation.store.read(|conn| mails::of(conn, id, &MailState::ALL, &after, ROWS))?)
            })
            .await?;
            let text = written(&rows).map_err(|error| WebError::Internal(error.to_string()))?;
            let next = rows.last().filter(|_| rows.len() == ROWS as usize).map(|mail| mail.customer.clone());
            let chunk = Bytes::from([head.into_bytes(), text].concat());
            Ok(Some((chunk, next.map(|after| (after, String::new())))))
        }
    });
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header(("Content-Disposition", "attachment; filename=\"sending.csv\""))
        .streaming(rows))
}

fn written(rows: &[Mail]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for mail in rows {
        let at = mail.attempted_at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
        let (tries, at) = (mail.tries.to_string(), at.unwrap_or_default());
        writer.write_record([
            &plain(&mail.customer),
            mail.state.name(),
            tries.as_str(),
            at.as_str(),
            &plain(&mail.answer),
        ])?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// What a spreadsheet would take for a formula gets an apostrophe in front.
fn plain(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}
