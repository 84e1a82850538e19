//! A multipart form with one file, bounded by `server.max_upload_mb`.

use super::{Form, WebError};
use crate::installation::Installation;
use actix_multipart::Multipart;
use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Text fields may hold a pasted list.
const TEXT_BYTES: usize = 4 << 20;
const MAX_FIELDS: usize = 200;

/// Fields and at most one file. The handler calls `form.check(&who)` as with any form.
#[derive(Debug, Default)]
pub struct Upload {
    pub form: Form,
    /// `None` when no file was chosen.
    pub file: Option<UploadedFile>,
}

#[derive(Debug)]
pub struct UploadedFile {
    /// As the browser gave it: to be shown, never to be used as a path.
    pub name: String,
    pub content: Vec<u8>,
}

impl FromRequest for Upload {
    type Error = WebError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, WebError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let limit_mb = request
            .app_data::<Data<Arc<Installation>>>()
            .map_or(50, |installation| installation.config.server.max_upload_mb);
        let multipart = Multipart::from_request(request, payload);
        Box::pin(async move {
            let multipart = multipart.await.map_err(unreadable)?;
            read(multipart, limit_mb).await
        })
    }
}

fn unreadable(error: impl std::fmt::Display) -> WebError {
    WebError::BadInput(format!("The upload could not be read ({error}). Choose the file again."))
}

async fn read(mut multipart: Multipart, limit_mb: u32) -> Result<Upload, WebError> {
    let mut fields = Vec::new();
    let mut file = None;
    while let Some(part) = multipart.next().await {
        let mut part = part.map_err(unreadable)?;
        let name = part.name().unwrap_or_default().to_owned();
        let file_name = part.content_disposition().and_then(|shown| shown.get_filename()).map(str::to_owned);
        let limit = if file_name.is_some() { limit_mb as usize * 1_000_000 } else { TEXT_BYTES };
        let mut content = Vec::new();
        while let Some(chunk) = part.next().await {
            let chunk = chunk.map_err(unreadable)?;
            if content.len() + chunk.len() > limit {
                return Err(WebError::TooLarge(format!(
                    "The file is larger than {limit_mb} MB. Send a smaller one, or have server.max_upload_mb raised."
                )));
            }
            content.extend_from_slice(&chunk);
        }
        match file_name {
            // A form sent without choosing a file has one with neither name nor content.
            Some(name) if name.is_empty() && content.is_empty() => {}
            Some(name) if file.is_none() => file = Some(UploadedFile { name, content }),
            Some(_) => return Err(WebError::BadInput("Send one file at a time.".into())),
            None => fields.push((name, String::from_utf8_lossy(&content).into_owned())),
        }
        if fields.len() > MAX_FIELDS {
            return Err(WebError::BadInput("The form has too many fields.".into()));
        }
    }
    Ok(Upload { form: Form::new(fields), file })
}
