//! From what an address asks for to the page: looked up off the async workers.

use super::ask::Asked;
use super::lookout::Lookout;
use crate::auth::SignedIn;
use crate::installation::Installation;
use crate::web::{self, Page, Section, Shell, WebError};
use actix_web::web::{Data, Query};
use askama::Template;
use std::sync::Arc;

/// Looks something up and makes its page.
pub type Look<T> = fn(&Installation, &Lookout, Shell, &Asked) -> Result<T, WebError>;

pub async fn answer<T: Template + Send + 'static>(
    who: &SignedIn,
    installation: &Arc<Installation>,
    lookout: Data<Lookout>,
    asked: Query<Asked>,
    look: Look<T>,
) -> Page {
    let page = found(who, installation, lookout, asked, look).await?;
    web::page(&page)
}

/// What was looked up, for pages that may also lead elsewhere.
pub async fn found<T: Send + 'static>(
    who: &SignedIn,
    installation: &Arc<Installation>,
    lookout: Data<Lookout>,
    asked: Query<Asked>,
    look: Look<T>,
) -> Result<T, WebError> {
    let installation = installation.clone();
    let shell = Shell::new(&installation, who, Section::Explorer);
    let asked = asked.into_inner();
    web::blocking(move || look(&installation, &lookout, shell, &asked)).await
}
