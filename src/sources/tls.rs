//! Encrypted connections: the server's certificate must be signed by the admin's authority, or by a public one.

use super::SourceError;
use crate::config::Source;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::sync::Arc;

/// A client that verifies; there is no setting that does not.
pub fn client(source: &Source) -> Result<rustls::ClientConfig, SourceError> {
    let wrong = |reason: String| SourceError::Tls { place: source.host.clone(), reason };
    let mut roots = rustls::RootCertStore::empty();
    if source.ca_file.as_os_str().is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    } else {
        let path = source.ca_file.display();
        let unreadable = |error| wrong(format!("{path} holds no certificate ({error})"));
        for certificate in CertificateDer::pem_file_iter(&source.ca_file).map_err(unreadable)? {
            let certificate = certificate.map_err(unreadable)?;
            roots.add(certificate).map_err(|error| wrong(format!("{path}: {error}")))?;
        }
        if roots.is_empty() {
            return Err(wrong(format!("{path} holds no certificate")));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
