//! The files of an approved campaign, made when they are asked for.

use super::export::{Dialect, Export, Format, Source, slug};
use super::pages::find;
use super::preview::generation;
use crate::auth::{Marketer, SignedIn};
use crate::history::History;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::picker::summary::Summary;
use crate::progress::Silent;
use crate::store::audit;
use crate::store::campaigns::CampaignState;
use crate::web::{self, Page, WebError};
use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Path};
use futures_util::stream;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom};
use std::sync::Arc;

const CHUNK: usize = 256 << 10;

/// What each file is for: its title, a sentence, its address.
pub fn files(id: CampaignId) -> Vec<(&'static str, &'static str, String)> {
    let file = |title, text, name: &str| (title, text, format!("/campaigns/{id}/download/{name}"));
    vec![
        file(
            "For the e-mail tool (CSV)",
            "One row per recipient with all products: what most e-mail tools import.",
            "wide.csv",
        ),
        file("For Excel (CSV)", "The same with semicolons, as Excel opens it by itself.", "wide-excel.csv"),
        file("For a database (CSV)", "One row per product picked.", "long.csv"),
        file("For developers (JSON Lines)", "One JSON object per recipient.", "picks.jsonl"),
        file(
            "The group without e-mail (CSV)",
            "In a file of its own and without addresses, so that nobody mails them.",
            "control.csv",
        ),
    ]
}

fn file_of(name: &str) -> Result<(Format, Dialect), WebError> {
    match name {
        "wide.csv" => Ok((Format::Wide, Dialect::Plain)),
        "wide-excel.csv" => Ok((Format::Wide, Dialect::Excel)),
        "long.csv" => Ok((Format::Long, Dialect::Plain)),
        "long-excel.csv" => Ok((Format::Long, Dialect::Excel)),
        "picks.jsonl" => Ok((Format::JsonLines, Dialect::Plain)),
        "control.csv" => Ok((Format::Holdout, Dialect::Plain)),
        _ => Err(WebError::NotFound("There is no such file. See the campaign for its files.".into())),
    }
}

/// GET /campaigns/{id}/download/{file}
pub async fn download(
    Marketer(who): Marketer,
    path: Path<(CampaignId, String)>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let (id, name) = path.into_inner();
    let (format, dialect) = file_of(&name)?;
    let installation = installation.get_ref().clone();
    let made = web::blocking(move || make(&installation, &who, id, format, dialect)).await?;
    let kind = match format {
        Format::JsonLines => "application/x-ndjson",
        _ => "text/csv; charset=utf-8",
    };
    let disposition = format!("attachment; filename=\"{}_{}\"", made.slug, format.file());
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header(("Content-Disposition", disposition))
        .insert_header(("Cache-Control", "no-store"))
        .no_chunking(made.bytes)
        .streaming(chunks(made.file)))
}

struct Made {
    file: File,
    bytes: u64,
    slug: String,
}

/// Into a file without a name beside the campaign, which goes when it was sent: an error is known before the first
/// byte leaves, and memory does not grow with the audience.
fn make(
    installation: &Installation,
    who: &SignedIn,
    id: CampaignId,
    format: Format,
    dialect: Dialect,
) -> Result<Made, WebError> {
    let internal = |error: &dyn std::fmt::Display| WebError::Internal(error.to_string());
    let campaign = find(installation, id)?;
    let folder = generation(installation, &campaign)?;
    if campaign.state == CampaignState::Generated {
        return Err(WebError::Conflict("Approve the picks first, then download them.".into()));
    }
    let summary: Summary = campaign.summary()?.unwrap_or_default();
    let snapshot = History::open(&installation.folder.history(installation.shop_id()))
        .and_then(|history| history.snapshot())
        .map_err(|error| internal(&error))?;
    let source = Source {
        campaign: id,
        name: &campaign.name,
        slots: summary.slots,
        currency: &installation.shop.currency,
        secret: &installation.shop.secret,
        folder: &folder,
        exported_at: installation.now(),
    };
    let export = Export::read(source, &snapshot).map_err(|error| internal(&error))?;
    let place = installation.folder.campaign(installation.shop_id(), id);
    let mut file = tempfile::tempfile_in(place).map_err(|error| internal(&error))?;
    let mut out = BufWriter::with_capacity(CHUNK, &mut file);
    export.write(format, dialect, &mut out, &Silent).map_err(|error| internal(&error))?;
    drop(out);
    let bytes = file.stream_position().map_err(|error| internal(&error))?;
    file.seek(SeekFrom::Start(0)).map_err(|error| internal(&error))?;
    let action = format!("download {}", format.file());
    installation.store.write(|conn| {
        let subject = format!("campaign {id}");
        audit::note(conn, installation.shop_id(), Some(who.account.id), &action, &subject, installation.now())
    })?;
    Ok(Made { file, bytes, slug: slug(&campaign.name) })
}

/// The file in pieces, each read off the async workers.
fn chunks(file: File) -> impl futures_util::Stream<Item = Result<Bytes, WebError>> {
    stream::try_unfold(file, |mut file| async move {
        let (file, chunk) = web::blocking(move || {
            let mut chunk = vec![0; CHUNK];
            let read = file.read(&mut chunk).map_err(|error| WebError::Internal(error.to_string()))?;
            chunk.truncate(read);
            Ok((file, chunk))
        })
        .await?;
        Ok((!chunk.is_empty()).then(|| (Bytes::from(chunk), file)))
    })
}
