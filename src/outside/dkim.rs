//! The signature of an e-mail (DKIM), by which a mail server knows that it is from the domain it names.

use crate::config::Mail;
use lettre::message::dkim::{
    DkimCanonicalization, DkimCanonicalizationType, DkimConfig, DkimSigningAlgorithm, DkimSigningKey,
};
use lettre::message::header::HeaderName;

#[derive(Debug, thiserror::Error)]
#[error(
    "mail.dkim_key_file {path} cannot sign ({reason}); it must be an RSA key as PEM, made by openssl genrsa -traditional 2048"
)]
pub struct KeyError {
    path: String,
    reason: String,
}

/// What is signed besides the text: what a reader sees, and what a mail program acts on.
const SIGNED: [&str; 9] = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];

/// `None` where nothing is to be signed. *Errors*: a key that cannot be read or cannot sign.
pub fn signature(mail: &Mail) -> Result<Option<DkimConfig>, KeyError> {
    if !mail.is_signed() {
        return Ok(None);
    }
    let path = mail.dkim_key_file.display().to_string();
    let wrong = |reason: String| KeyError { path: path.clone(), reason };
    let pem = std::fs::read_to_string(&mail.dkim_key_file).map_err(|error| wrong(error.to_string()))?;
    let key = DkimSigningKey::new(pem.trim(), DkimSigningAlgorithm::Rsa);
    let key = key.map_err(|error| wrong(error.to_string()))?;
    Ok(Some(DkimConfig::new(
        mail.dkim_selector.clone(),
        mail.dkim_domain.clone(),
        key,
        SIGNED.map(HeaderName::new_from_ascii_str).to_vec(),
        // Servers on the way fold headers and trim lines: the relaxed forms survive it.
        DkimCanonicalization {
            header: DkimCanonicalizationType::Relaxed,
            body: DkimCanonicalizationType::Relaxed,
        },
    )))
}
