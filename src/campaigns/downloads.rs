//! The files of an approved campaign, made when they are asked for.

use super::export::{Dialect, Export, ExportError, Format, Source, slug};
use super::pages::find;
use super::presets::{self, Spec};
use super::preview::generation;
use super::state::sentence;
use crate::auth::{Marketer, SignedIn};
use crate::history::History;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::picker::summary::Summary;
use crate::pictures::MailAddresses;
use crate::progress::Silent;
use crate::store::audit;
use crate::store::campaigns::CampaignState;
use crate::web::{self, Page, WebError};
use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Path};
use futures_util::stream;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write, sink};
use std::sync::Arc;

const CHUNK: usize = 256 << 10;

/// A group of files: its title, and what each is for: its title, a sentence, its address.
pub struct Group {
    pub title: &'static str,
    pub files: Vec<(&'static str, &'static str, String)>,
    /// Whether the addresses are pages rather than files.
    pub are_pages: bool,
}

/// All that an approved campaign can be downloaded as.
pub fn files(id: CampaignId) -> Vec<Group> {
    let file = |title, text, name: &str| (title, text, format!("/campaigns/{id}/download/{name}"));
    let tool = |spec: &Spec| (spec.title, spec.about, format!("/campaigns/{id}/files/{}", spec.name));
    vec![
        Group {
            title: "For your e-mail tool",
            files: presets::TOOLS.iter().map(tool).collect(),
            are_pages: true,
        },
        Group {
            title: "For any other tool, and for spreadsheets",
            files: vec![
                file("CSV", "One row per recipient with all products: what most tools import.", "wide.csv"),
                file("Excel", "A workbook: prices are numbers, the heading stays in sight.", "picks.xlsx"),
                file(
                    "CSV for Excel",
                    "With semicolons, as Excel in most of Europe opens it.",
                    "wide-excel.csv",
                ),
                file(
                    "The group without e-mail (CSV)",
                    "In a file of its own and without addresses, so that nobody mails them.",
                    "control.csv",
                ),
            ],
            are_pages: false,
        },
        Group {
            title: "For people who work with data",
            files: vec![
                file("CSV, one row per product picked", "For a database.", "long.csv"),
                file("Parquet", "The same in columns, without addresses.", "picks.parquet"),
                file("JSON Lines", "One JSON object per recipient.", "picks.jsonl"),
            ],
            are_pages: false,
        },
    ]
}

/// One file.
#[derive(Clone, Copy)]
enum Wanted {
    Own(Format, Dialect),
    Workbook,
    Parquet,
    /// The tool's file of that number.
    Tool(&'static Spec, u64),
}

impl Wanted {
    fn of(name: &str) -> Result<Self, WebError> {
        Ok(match name {
            "wide.csv" => Self::Own(Format::Wide, Dialect::Plain),
            "wide-excel.csv" => Self::Own(Format::Wide, Dialect::Excel),
            "long.csv" => Self::Own(Format::Long, Dialect::Plain),
            "long-excel.csv" => Self::Own(Format::Long, Dialect::Excel),
            "picks.jsonl" => Self::Own(Format::JsonLines, Dialect::Plain),
            "control.csv" => Self::Own(Format::Holdout, Dialect::Plain),
            "picks.xlsx" => Self::Workbook,
            "picks.parquet" => Self::Parquet,
            name => return Self::of_tool(name).ok_or_else(missing),
        })
    }

    /// `mailchimp.1.csv`
    fn of_tool(name: &str) -> Option<Self> {
        let (tool, part) = name.strip_suffix(".csv")?.split_once('.')?;
        let part = part.parse().ok().filter(|part| *part > 0)?;
        Some(Self::Tool(presets::of_name(tool)?, part))
    }

    /// The file's name after the campaign's.
    fn file(self) -> String {
        match self {
            Self::Own(format, _) => format.file().to_owned(),
            Self::Workbook => "picks.xlsx".into(),
            Self::Parquet => "picks.parquet".into(),
            Self::Tool(spec, 1) => format!("{}.csv", spec.name),
            Self::Tool(spec, part) => format!("{}_{part}.csv", spec.name),
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Own(Format::JsonLines, _) => "application/x-ndjson",
            Self::Workbook => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Parquet => "application/vnd.apache.parquet",
            _ => "text/csv; charset=utf-8",
        }
    }

    fn write(self, export: &Export<'_>, file: &File) -> Result<(), ExportError> {
        let mut out = BufWriter::with_capacity(CHUNK, file);
        match self {
            Self::Own(format, dialect) => {
                export.write(format, dialect, &mut out, &Silent)?;
            }
            Self::Workbook => {
                presets::write_xlsx(export, &mut out, &Silent)?;
            }
            Self::Parquet => {
                presets::write_parquet(export, &mut out, &Silent)?;
            }
            Self::Tool(spec, part) => {
                // Where a part begins is known when those before it were written: to nowhere.
                let mut is_there = false;
                let open = |number| {
                    let wanted = (number == part).then(|| BufWriter::with_capacity(CHUNK, file));
                    is_there |= wanted.is_some();
                    Ok(wanted.map_or_else(|| Box::new(sink()) as Box<dyn Write + '_>, |out| Box::new(out)))
                };
                presets::write(export, spec, &Silent, open, |mut out, _| Ok(out.flush()?))?;
                if !is_there {
                    return Err(ExportError::NoPart);
                }
            }
        }
        Ok(out.flush()?)
    }
}

fn missing() -> WebError {
    WebError::NotFound("There is no such file. See the campaign for its files.".into())
}

/// GET /campaigns/{id}/download/{file}
pub async fn download(
    Marketer(who): Marketer,
    path: Path<(CampaignId, String)>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let (id, name) = path.into_inner();
    let wanted = Wanted::of(&name)?;
    let installation = installation.get_ref().clone();
    let made = web::blocking(move || make(&installation, &who, id, wanted)).await?;
    let disposition = format!("attachment; filename=\"{}_{}\"", made.slug, wanted.file());
    Ok(HttpResponse::Ok()
        .content_type(wanted.kind())
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
    wanted: Wanted,
) -> Result<Made, WebError> {
    let place = installation.folder.campaign(installation.shop_id(), id);
    let made = with_export(installation, id, |export| {
        let mut file = tempfile::tempfile_in(place)?;
        wanted.write(export, &file)?;
        let bytes = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Made { file, bytes, slug: slug(export.name) })
    })?;
    let action = format!("download {}", wanted.file());
    installation.store.write(|conn| {
        let subject = format!("campaign {id}");
        audit::note(conn, installation.shop_id(), Some(who.account.id), &action, &subject, installation.now())
    })?;
    Ok(made)
}

/// Reads what the files of an approved campaign are made of, and makes something of it.
pub fn with_export<T>(
    installation: &Installation,
    id: CampaignId,
    make: impl FnOnce(&Export<'_>) -> Result<T, ExportError>,
) -> Result<T, WebError> {
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
    let pictures = MailAddresses::new(installation);
    let source = Source {
        campaign: id,
        name: &campaign.name,
        slots: summary.slots,
        currency: &installation.shop.currency,
        secret: &installation.shop.secret,
        folder: &folder,
        exported_at: installation.now(),
        pictures: pictures.as_ref(),
    };
    let export = Export::read(source, &snapshot).map_err(|error| internal(&error))?;
    make(&export).map_err(|error| match error {
        ExportError::NoPart => missing(),
        ExportError::TooManyRows(_) => WebError::Conflict(sentence(&error.to_string())),
        error => internal(&error),
    })
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
