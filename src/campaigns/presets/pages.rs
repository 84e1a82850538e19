//! An e-mail tool's page: its files, what had to be cut for it, and the template that shows the products there.

use super::specs::{Spec, of_name};
use super::write::{Told, header, write};
use crate::auth::Marketer;
use crate::campaigns::downloads::with_export;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::progress::Silent;
use crate::store::listmonk::{self, Push};
use crate::web::{self, Page, Section, Shell, WebError};
use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use askama::Template;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "campaigns/preset.html")]
struct Preset {
    shell: Shell,
    id: CampaignId,
    name: String,
    title: &'static str,
    about: &'static str,
    recipients: String,
    /// Address and words of each file.
    parts: Vec<(String, String)>,
    told: Vec<String>,
    columns: Vec<String>,
    snippet: String,
    snippet_file: String,
    /// Whether the tool can be given the recipients without a file.
    takes_push: bool,
    is_connected: bool,
    /// What became of that, in sentences.
    pushed: Vec<String>,
}

fn spec(tool: &str) -> Result<&'static Spec, WebError> {
    of_name(tool).ok_or_else(|| WebError::NotFound("Handpick makes no files for such a tool.".into()))
}

/// GET /campaigns/{id}/files/{tool}
pub async fn show(
    Marketer(who): Marketer,
    path: Path<(CampaignId, String)>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let (id, tool) = path.into_inner();
    let spec = spec(&tool)?;
    let installation = installation.get_ref().clone();
    let page = web::blocking(move || {
        let shell = Shell::new(&installation, &who, Section::Campaigns);
        let takes_push = spec.name == "listmonk";
        let push = installation.store.read(|conn| listmonk::of_campaign(conn, id))?.filter(|_| takes_push);
        let pushed = push.map(|push| told_of(&push, &installation)).unwrap_or_default();
        let is_connected = installation.config.listmonk.is_on();
        with_export(&installation, id, |export| {
            // Written to nowhere: what is told of the file is counted, not guessed.
            let (mut told, mut parts) = (Told::default(), 0);
            let close = |_, of_part: Told| {
                told.add(&of_part);
                parts += 1;
                Ok(())
            };
            write(export, spec, &Silent, |_| Ok(std::io::sink()), close)?;
            let places = spec.places(export.slots);
            let part = |part: u64| {
                let address = format!("/campaigns/{id}/download/{}.{part}.csv", spec.name);
                let words = match parts {
                    1 => "Download the file (CSV)".to_owned(),
                    parts => format!("Download file {part} of {parts} (CSV)"),
                };
                (address, words)
            };
            Ok(Preset {
                shell,
                id,
                name: export.name.to_owned(),
                title: spec.title,
                about: spec.about,
                recipients: web::whole(told.recipients as i64),
                parts: (1..=parts).map(part).collect(),
                told: told.sentences(spec),
                columns: header(spec, places),
                snippet: (spec.snippet)(places),
                snippet_file: format!("/campaigns/{id}/files/{}/template", spec.name),
                takes_push,
                is_connected,
                pushed,
            })
        })
    })
    .await?;
    web::page(&page)
}

fn told_of(push: &Push, installation: &Installation) -> Vec<String> {
    let given = web::whole(push.given);
    let mut told = vec![match push.finished_at {
        Some(at) => {
            let at = web::date_time(at, installation.zone());
            format!("{given} recipients are on the list “{}” since {at}.", push.list_name)
        }
        None => format!(
            "{given} recipients are on the list “{}”; it is not complete yet. Giving them again goes on where it stopped.",
            push.list_name
        ),
    }];
    if push.refused > 0 {
        told.push(format!("listmonk did not take {}: {}.", web::whole(push.refused), push.refusal));
    }
    told
}

/// GET /campaigns/{id}/files/{tool}/template: the template as a text
pub async fn download(
    Marketer(_): Marketer,
    path: Path<(CampaignId, String)>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let (id, tool) = path.into_inner();
    let spec = spec(&tool)?;
    let installation = installation.get_ref().clone();
    let text = web::blocking(move || {
        with_export(&installation, id, |export| Ok((spec.snippet)(spec.places(export.slots))))
    })
    .await?;
    let disposition = format!("attachment; filename=\"{}-template.txt\"", spec.name);
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header(("Content-Disposition", disposition))
        .body(text))
}
