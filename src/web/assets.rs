//! The embedded files under `static/`, addressed by checksum so that browsers may keep them for ever.

/// `/assets/<path with checksum>`.
pub fn url(path: &str) -> String {
    format!("/assets/{path}")
}
