//! Encrypted lines to other machines: the certificate must be signed by the admin's authority, or by a public one.

use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::path::Path;
use std::sync::Arc;

/// A client that verifies; there is no setting that does not. An empty `ca_file` trusts the public authorities.
/// *Errors*: what is wrong with the file, in words.
pub fn client(ca_file: &Path) -> Result<rustls::ClientConfig, String> {
    let mut roots = rustls::RootCertStore::empty();
    if ca_file.as_os_str().is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    } else {
        let path = ca_file.display();
        let unreadable = |error| format!("{path} holds no certificate ({error})");
        for certificate in CertificateDer::pem_file_iter(ca_file).map_err(unreadable)? {
            roots.add(certificate.map_err(unreadable)?).map_err(|error| format!("{path}: {error}"))?;
        }
        if roots.is_empty() {
            return Err(format!("{path} holds no certificate"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
