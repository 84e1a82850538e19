//! The embedded files under `static/`, addressed by checksum so that browsers may keep them for ever.

use actix_web::HttpResponse;
use actix_web::web::{Path, ServiceConfig, get};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use super::WebError;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

struct Assets {
    /// `web/handpick.css` → `/assets/web/handpick.1a2b3c4d5e6f.css`
    urls: HashMap<String, String>,
    /// What follows `/assets/` → the file.
    files: HashMap<String, Asset>,
}

struct Asset {
    content: Cow<'static, [u8]>,
    kind: &'static str,
}

fn assets() -> &'static Assets {
    static ASSETS: OnceLock<Assets> = OnceLock::new();
    ASSETS.get_or_init(|| {
        let mut all = Assets { urls: HashMap::new(), files: HashMap::new() };
        for path in Files::iter() {
            let Some(file) = Files::get(&path) else { continue };
            let checksum: String =
                Sha256::digest(&file.data)[..6].iter().map(|byte| format!("{byte:02x}")).collect();
            let (stem, kind) = path.rsplit_once('.').unwrap_or((&path, ""));
            let addressed = format!("{stem}.{checksum}.{kind}");
            all.urls.insert(path.to_string(), format!("/assets/{addressed}"));
            all.files.insert(addressed, Asset { content: file.data, kind: content_type(kind) });
        }
        all
    })
}

fn content_type(extension: &str) -> &'static str {
    match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        _ => "text/plain; charset=utf-8",
    }
}

/// The address of `static/<path>`; of a file that there is not, one that answers 404.
pub fn url(path: &str) -> String {
    assets().urls.get(path).cloned().unwrap_or_else(|| format!("/assets/{path}"))
}

pub fn routes(config: &mut ServiceConfig) {
    config.route("/assets/{path:.*}", get().to(asset));
}

async fn asset(path: Path<String>) -> Result<HttpResponse, WebError> {
    let file = assets()
        .files
        .get(path.as_str())
        .ok_or_else(|| WebError::NotFound("There is no such file in this version of Handpick.".into()))?;
    let content: &'static [u8] = &file.content;
    Ok(HttpResponse::Ok()
        .content_type(file.kind)
        .insert_header(("Cache-Control", "public, max-age=31536000, immutable"))
        .body(content))
}
