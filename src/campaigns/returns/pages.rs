//! What came back, on the campaign's page: what is known, and a form for the e-mail tool's file.

use super::note::{NoteError, known, note};
use super::tool_file::FileError;
use super::words::What;
use crate::auth::{Marketer, SignedIn};
use crate::campaigns::pages::{find, path};
use crate::campaigns::state::sentence;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::store::audit;
use crate::store::campaigns::{Campaign, CampaignState};
use crate::web::{self, Page, Upload, WebError};
use actix_web::web::{Data, Path};
use askama::Template;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "campaigns/returns.html")]
struct Card {
    id: CampaignId,
    csrf: String,
    may_market: bool,
    /// Number and what they did.
    known: Vec<(String, &'static str)>,
}

/// The part of the campaign's page; empty before anybody can have got an e-mail.
pub fn card(installation: &Installation, who: &SignedIn, campaign: &Campaign) -> Result<String, WebError> {
    if !matches!(campaign.state, CampaignState::Approved | CampaignState::Sent | CampaignState::Closed) {
        return Ok(String::new());
    }
    let known = known(installation, campaign.id)?;
    let all = [
        (known.openers, "opened it, as far as mail programs tell"),
        (known.clickers, "clicked on a product"),
        (known.bounced, "did not get it: it came back"),
        (known.unsubscribed, "unsubscribed"),
    ];
    let told = all.into_iter().filter(|(number, _)| *number > 0);
    let card = Card {
        id: campaign.id,
        csrf: who.csrf.clone(),
        may_market: who.account.role.may_market(),
        known: told.map(|(number, what)| (web::whole(number as i64), what)).collect(),
    };
    card.render().map_err(|error| WebError::Internal(error.to_string()))
}

impl From<NoteError> for WebError {
    fn from(error: NoteError) -> Self {
        let said = sentence(&error.to_string());
        match error {
            NoteError::NotSent(_) => Self::Conflict(said),
            NoteError::File(FileError::List(_)) => {
                Self::BadInput(format!("The file cannot be used: {error}."))
            }
            NoteError::File(_) => Self::BadInput(said),
            NoteError::Store(error) => error.into(),
            NoteError::Picks(_) | NoteError::History(_) => Self::Internal(said),
        }
    }
}

/// POST /campaigns/{id}/returns: multipart with a file, and `what` everybody in it did, if that is one thing
pub async fn upload(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    upload: Upload,
    installation: Data<Arc<Installation>>,
) -> Page {
    upload.form.check(&who)?;
    let (id, installation) = (*id, installation.get_ref().clone());
    let all_did = What::of_name(upload.form.text("what"));
    let file = upload.file.ok_or_else(|| WebError::BadInput("Choose the e-mail tool's file.".into()))?;
    let story = web::blocking(move || {
        let campaign = find(&installation, id)?;
        let noted = note(&installation, &campaign, &file.content, all_did)?;
        installation.store.write(|conn| {
            let (shop, subject) = (installation.shop_id(), format!("campaign {id}"));
            audit::note(
                conn,
                shop,
                Some(who.account.id),
                "file of what came back",
                &subject,
                installation.now(),
            )
        })?;
        Ok(noted.in_words())
    })
    .await?;
    web::go_to_with(&path(id), &story)
}
