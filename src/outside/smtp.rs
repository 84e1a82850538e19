//! A line to the mail server: e-mails go over it one after the other, and of each it says whether the server took it,
//! did not, or whether nobody can know.
//!
//! It tries nothing twice, waits for nothing and remembers nothing: that is its caller's.

use crate::config::{Mail, MailTls};
use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    Certificate, CertificateStore, SmtpConnection, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands::{Data, Mail as From, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::{Error, extension};
use std::fmt;
use std::time::Duration;

/// How long an answer to a command may take.
const COMMAND: Duration = Duration::from_secs(60);

/// The server may look for viruses before it answers to a whole e-mail (RFC 5321 asks for ten minutes; a program that
/// is being stopped cannot wait as long).
const WHOLE: Duration = Duration::from_secs(300);

/// What the server says is shown to people; more than this is not.
const TOLD: usize = 300;

#[derive(Debug, thiserror::Error)]
pub enum LineError {
    #[error("{path} holds no certificate ({reason}); set mail.ca_file to the authority's PEM file")]
    Authority { path: String, reason: String },
    #[error("{host} cannot be reached ({reason}); see mail.host, mail.port and mail.tls")]
    Unreachable { host: String, reason: String },
    #[error("the line to {host} cannot be encrypted ({reason}); see mail.tls and mail.ca_file")]
    Encryption { host: String, reason: String },
    #[error("{host} does not let us in ({reason}); see mail.user and mail.password")]
    SignIn { host: String, reason: String },
}

/// What became of one e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The server answered 250 to the whole e-mail.
    Taken(String),
    /// 5xx: it will never take it.
    Refused(String),
    /// 4xx: not now.
    Later(String),
    /// The line broke before the text went over it: it was not taken.
    Lost(String),
    /// The text went over the line, and no answer came back.
    Unclear(String),
    /// The server does not take e-mails from us at all, whoever they are for.
    SenderRefused(String),
    /// The caller thought better of it at the last moment: it was not sent.
    Withheld,
}

/// An open connection. After anything but an answer it is not to be used again.
pub struct Line {
    connection: SmtpConnection,
    is_usable: bool,
    /// E-mails that went over it.
    pub used: u32,
}

impl Line {
    pub fn open(mail: &Mail) -> Result<Self, LineError> {
        let host = &mail.host;
        let unreachable = |error: Error| LineError::Unreachable { host: host.clone(), reason: said(&error) };
        let unsafe_line = |error: Error| LineError::Encryption { host: host.clone(), reason: said(&error) };
        let parameters = match mail.tls {
            MailTls::Off => None,
            MailTls::Starttls | MailTls::Tls => Some(encryption(mail)?),
        };
        let at_once = parameters.as_ref().filter(|_| mail.tls == MailTls::Tls);
        let name = ClientId::default();
        let place = (host.as_str(), mail.port());
        let opened = SmtpConnection::connect(place, Some(COMMAND), &name, at_once, None);
        let mut connection = match opened {
            Err(error) if error.is_tls() => return Err(unsafe_line(error)),
            opened => opened.map_err(unreachable)?,
        };
        if mail.tls == MailTls::Starttls
            && let Some(parameters) = &parameters
        {
            connection.starttls(parameters, &name).map_err(unsafe_line)?;
        }
        if !mail.user.is_empty() {
            let credentials = Credentials::new(mail.user.clone(), mail.password.reveal().to_owned());
            let refused = |error: Error| match error.is_permanent() || error.is_client() {
                true => LineError::SignIn { host: host.clone(), reason: said(&error) },
                // A server that has no time for us now may have it later.
                false => unreachable(error),
            };
            connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).map_err(refused)?;
        }
        Ok(Self { connection, is_usable: true, used: 0 })
    }

    pub fn is_usable(&self) -> bool {
        self.is_usable
    }

    /// Hands over one e-mail. `at_last` is asked right before its text goes over the line: what it makes durable is
    /// there before the server can have taken anything. When it answers false, nothing is sent.
    pub fn hand_over(
        &mut self,
        (from, to): (&Address, &Address),
        message: &str,
        at_last: impl FnOnce() -> bool,
    ) -> Delivery {
        self.used += 1;
        let delivery = self.attempt((from, to), message, at_last);
        match delivery {
            Delivery::Taken(_) => {}
            // The server may go on with the next one, once it forgot this one.
            Delivery::Refused(_) | Delivery::Later(_) | Delivery::SenderRefused(_) if self.is_usable => {
                self.is_usable = self.connection.command(Rset).is_ok();
            }
            _ => self.is_usable = false,
        }
        delivery
    }

    fn attempt(
        &mut self,
        (from, to): (&Address, &Address),
        message: &str,
        at_last: impl FnOnce() -> bool,
    ) -> Delivery {
        let mut parameters = Vec::new();
        if !to.to_string().is_ascii() || !from.to_string().is_ascii() {
            if !self.connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Delivery::Refused("The mail server takes no addresses with such letters.".into());
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if let Err(error) = self.connection.command(From::new(Some(from.clone()), parameters)) {
            return match self.answer(&error, to) {
                Delivery::Refused(said) => Delivery::SenderRefused(said),
                other => other,
            };
        }
        let no_parameters: Vec<extension::RcptParameter> = Vec::new();
        if let Err(error) = self.connection.command(Rcpt::new(to.clone(), no_parameters)) {
            return self.answer(&error, to);
        }
        if let Err(error) = self.connection.command(Data) {
            return self.answer(&error, to);
        }
        if !at_last() {
            return Delivery::Withheld;
        }
        self.whole(message, to)
    }

    /// The text and its end, in one write: in two, each e-mail waits for the network's acknowledgement of the first,
    /// which took 40 ms. From then on only an answer can say what became of it.
    fn whole(&mut self, message: &str, to: &Address) -> Delivery {
        if let Err(error) = self.connection.set_timeout(Some(WHOLE)) {
            return Delivery::Lost(error.to_string());
        }
        let delivery = match self.connection.command(Whole(message)) {
            Ok(answer) => Delivery::Taken(cut(&answer.message().collect::<Vec<_>>().join(" "), to)),
            Err(error) => match self.answer(&error, to) {
                Delivery::Lost(said) => Delivery::Unclear(said),
                other => other,
            },
        };
        if self.connection.set_timeout(Some(COMMAND)).is_err() {
            self.is_usable = false;
        }
        delivery
    }

    /// What an answer that is not a yes means; no answer at all is a lost line.
    fn answer(&mut self, error: &Error, to: &Address) -> Delivery {
        let text = cut(&said(error), to);
        let code = error.status().map(u16::from);
        // The server hangs up after it.
        if matches!(code, None | Some(421)) {
            self.is_usable = false;
        }
        match code {
            Some(_) if error.is_permanent() => Delivery::Refused(text),
            Some(_) => Delivery::Later(text),
            None => Delivery::Lost(text),
        }
    }

    /// Says goodbye, when there is still somebody to say it to.
    pub fn close(mut self) {
        if self.is_usable
            && let Err(error) = self.connection.quit()
        {
            tracing::debug!(%error, "the mail server hung up first");
        }
    }
}

/// A text whose lines end in CRLF, as it goes over the line: a dot that begins a line is doubled, a lonely one ends it
/// (RFC 5321, 4.5.2).
struct Whole<'a>(&'a str);

impl fmt::Display for Whole<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.0.split_inclusive("\r\n") {
            if line.starts_with('.') {
                f.write_str(".")?;
            }
            f.write_str(line)?;
        }
        f.write_str(if self.0.ends_with("\r\n") { ".\r\n" } else { "\r\n.\r\n" })
    }
}

/// The server's certificate must be signed by the admin's authority, or by a public one.
fn encryption(mail: &Mail) -> Result<TlsParameters, LineError> {
    let mut builder = TlsParametersBuilder::new(mail.host.clone());
    if !mail.ca_file.as_os_str().is_empty() {
        let path = mail.ca_file.display().to_string();
        let wrong = |reason: String| LineError::Authority { path: path.clone(), reason };
        let pem = std::fs::read(&mail.ca_file).map_err(|error| wrong(error.to_string()))?;
        let authority = Certificate::from_pem(&pem).map_err(|error| wrong(said(&error)))?;
        builder = builder.certificate_store(CertificateStore::None).add_root_certificate(authority);
    }
    let wrong = |error: Error| LineError::Encryption { host: mail.host.clone(), reason: said(&error) };
    builder.build_rustls().map_err(wrong)
}

/// `550 no such user`: the code and the server's own words.
fn said(error: &Error) -> String {
    let words = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    match error.status() {
        Some(code) => format!("{code} {words}").trim().to_owned(),
        None if words.is_empty() || words == "incomplete response" => "the line broke".into(),
        // What the system calls a time that ran out.
        None if words.contains("os error 11") => "no answer came in time".into(),
        None => words,
    }
}

/// Servers like to repeat the address, which is to be kept nowhere but in the shop's history.
fn cut(text: &str, to: &Address) -> String {
    let plain = text.replace(&to.to_string(), "the address").replace(['\r', '\n'], " ");
    plain.chars().take(TOLD).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_text_can_end_it() {
        assert_eq!(Whole("a\r\n.\r\n..b\r\n").to_string(), "a\r\n..\r\n...b\r\n.\r\n");
        assert_eq!(Whole("a").to_string(), "a\r\n.\r\n");
    }

    #[test]
    fn an_answer_is_kept_without_the_address_and_short() {
        let to: Address = "ada@example.com".parse().unwrap();
        assert_eq!(cut("550 <ada@example.com>\r\nunknown", &to), "550 <the address>  unknown");
        assert_eq!(cut(&"x".repeat(1_000), &to).len(), TOLD);
    }
}
