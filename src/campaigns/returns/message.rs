//! What a message says that came back: which e-mail it is about, and whether another would arrive.
//!
//! Delivery reports are read as RFC 3464 has them; mail servers that write none are understood by the codes of RFC 3463
//! in their text. What is no word of a mail server says nothing: people are away, and write it.

use crate::ids::CampaignId;
use mail_parser::{Message, MessageParser, MimeHeaders};

/// Shown to people; more than this is not.
const TOLD: usize = 300;

/// An e-mail's id before the `@`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageId {
    pub campaign: CampaignId,
    /// Of the recipient: what this shop's secret makes of campaign and customer.
    pub key: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It could not be delivered, for ever or for now.
    Bounced { is_hard: bool, reason: String },
    /// The server goes on trying.
    Delayed,
    /// Whoever got it wants no more.
    Unsubscribes,
}

/// Bytes of the recipient's key in a message id.
pub const KEY_BYTES: usize = 16;

pub fn message_id(campaign: CampaignId, key: &str) -> String {
    format!("{campaign}.{key}")
}

/// `None` for what is not about an e-mail of ours, or says nothing of it.
pub fn read(raw: &[u8]) -> Option<(MessageId, Said)> {
    let message = MessageParser::default().parse(raw)?;
    let subject = message.subject().unwrap_or_default();
    if let Some(id) = first_id(subject)
        && subject.to_ascii_lowercase().contains("unsubscribe")
    {
        return Some((id, Said::Unsubscribes));
    }
    let id = first_id(&String::from_utf8_lossy(raw))?;
    let said = reported(&message).or_else(|| written(&message))?;
    Some((id, said))
}

/// The first `7.0123456789abcdef0123456789abcdef` of the text.
pub fn first_id(text: &str) -> Option<MessageId> {
    let is_hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let bytes = text.as_bytes();
    for (dot, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'.') {
        let digits = bytes[..dot].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let letters = bytes[dot + 1..].iter().take_while(|byte| is_hex(byte)).count();
        if digits == 0 || digits > 10 || letters != 2 * KEY_BYTES {
            continue;
        }
        if let Ok(campaign) = text[dot - digits..dot].parse() {
            return Some(MessageId { campaign, key: text[dot + 1..dot + 1 + letters].to_owned() });
        }
    }
    None
}

/// From the part that programs read.
fn reported(message: &Message<'_>) -> Option<Said> {
    let is_report = |part: &&mail_parser::MessagePart<'_>| {
        let kind = part.content_type();
        kind.is_some_and(|kind| kind.ctype() == "message" && kind.subtype() == Some("delivery-status"))
    };
    let part = message.parts.iter().find(is_report)?;
    let text = String::from_utf8_lossy(part.contents())
        .replace("\r\n", "\n")
        .replace("\n ", " ")
        .replace("\n\t", " ");
    let field = |name: &str| {
        text.lines().find_map(|line| {
            let (head, value) = line.split_once(':')?;
            head.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let action = field("Action").unwrap_or_default().to_ascii_lowercase();
    let status = field("Status").unwrap_or_default();
    match action.as_str() {
        "failed" => {}
        "delayed" => return Some(Said::Delayed),
        // It was delivered, or handed on: nothing came back.
        _ => return None,
    }
    let diagnostic = field("Diagnostic-Code").unwrap_or_default();
    // Many servers put 5.0.0 there, and what they mean into the text.
    let code = status_of(&status).filter(|code| !code.ends_with(".0.0")).or_else(|| status_of(&diagnostic));
    let code = code.or_else(|| status_of(&status)).unwrap_or_default();
    let words = diagnostic.split_once(';').map_or(diagnostic.as_str(), |(_, words)| words.trim());
    let reason = if words.is_empty() { status.as_str() } else { words };
    Some(Said::Bounced { is_hard: is_hard(&code), reason: told(reason) })
}

/// From the text that people read, when a mail server wrote it.
fn written(message: &Message<'_>) -> Option<Said> {
    let from =
        message.from().and_then(|from| from.first()).and_then(|from| from.address()).unwrap_or_default();
    let from = from.to_ascii_lowercase();
    if !["mailer-daemon@", "postmaster@"].iter().any(|name| from.starts_with(name)) {
        return None;
    }
    let text = message.body_text(0)?;
    let line = text.lines().find(|line| status_of(line).is_some())?;
    let code = status_of(line)?;
    Some(Said::Bounced { is_hard: is_hard(&code), reason: told(line) })
}

/// The first `5.1.1` of the text.
fn status_of(text: &str) -> Option<String> {
    let is_code = |word: &&str| {
        let parts: Vec<&str> = word.split('.').collect();
        parts.len() == 3
            && matches!(parts[0], "4" | "5")
            && parts[1..]
                .iter()
                .all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let mut words =
        text.split(|c: char| !(c.is_ascii_digit() || c == '.')).map(|word| word.trim_matches('.'));
    words.find(is_code).map(str::to_owned)
}

/// Whether nothing will ever arrive there: the address does not exist or is closed. A full mailbox, a server in trouble,
/// an e-mail that was too large or that somebody's filter disliked say nothing against the address.
fn is_hard(code: &str) -> bool {
    let Some(detail) = code.strip_prefix("5.") else { return false };
    match detail.split_once('.') {
        // 5.1.7 and 5.1.8 are about the sender.
        Some(("1", detail)) => !matches!(detail, "7" | "8"),
        Some(("0", _) | ("2", "0" | "1") | ("4", "1" | "4")) => true,
        _ => false,
    }
}

fn told(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(TOLD).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn report(action: &str, status: &str, diagnostic: &str) -> Vec<u8> {
        format!(
            "From: Mail Delivery System <MAILER-DAEMON@mx.example>\r\nTo: bounces@shop.example\r\n\
             Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nYour message could not be delivered.\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
             Final-Recipient: rfc822; ada@example.com\r\nAction: {action}\r\nStatus: {status}\r\n\
             Diagnostic-Code: smtp;\r\n {diagnostic}\r\n\r\n\
             --b\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: news@shop.example\r\n\
             Message-ID: <7.{KEY}@shop.example>\r\n\r\n--b--\r\n"
        )
        .into_bytes()
    }

    fn of(raw: &[u8]) -> Option<Said> {
        let (id, said) = read(raw)?;
        assert_eq!(id, MessageId { campaign: CampaignId(7), key: KEY.into() });
        Some(said)
    }

    fn is_hard_bounce(said: Option<Said>) -> bool {
        match said {
            Some(Said::Bounced { is_hard, reason }) => {
                assert!(!reason.is_empty());
                is_hard
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reports_tell_dead_addresses_from_passing_trouble() {
        let of = |status: &str, words: &str| is_hard_bounce(of(&report("failed", status, words)));
        assert!(of("5.1.1", "550 5.1.1 <ada@example.com>: user unknown"));
        assert!(of("5.1.10", "550 5.1.10 RecipientNotFound"));
        assert!(of("5.4.4", "unable to look up host"));
        assert!(of("5.2.1", "550 this mailbox is closed"));
        assert!(of("5.0.0", "550 5.1.1 no such person here"));
        assert!(of("5.0.0", "no such person here"));
        assert!(!of("5.0.0", "552 5.2.2 mailbox is full"));
        assert!(!of("5.2.2", "over quota"));
        assert!(!of("5.7.1", "554 5.7.1 looks like spam"));
        assert!(!of("5.1.8", "sender's domain does not exist"));
        assert!(!of("4.4.7", "expired after five days"));
        let reason = match super::read(&report("failed", "5.1.1", "550 5.1.1 user  unknown")) {
            Some((_, Said::Bounced { reason, .. })) => reason,
            other => panic!("{other:?}"),
        };
        assert_eq!(reason, "550 5.1.1 user unknown");
    }

    #[test]
    fn what_is_no_bounce_is_none() {
        assert_eq!(of(&report("delayed", "4.4.1", "no answer yet")), Some(Said::Delayed));
        assert_eq!(of(&report("delivered", "2.0.0", "ok")), None);
        let away = format!(
            "From: Ada <ada@example.com>\r\nSubject: Away until 5.1.2027\r\nIn-Reply-To: <7.{KEY}@shop.example>\r\n\r\n\
             I am away. My number is 5.1.1.\r\n"
        );
        assert_eq!(of(away.as_bytes()), None);
        let strangers = String::from_utf8(report("failed", "5.1.1", "x")).unwrap().replace(KEY, "cafe");
        assert_eq!(read(strangers.as_bytes()), None, "somebody else's e-mail");
        for text in ["", "no message", "Subject: =?x?=\r\n\r\n\u{0}", &format!(".{KEY}")] {
            assert_eq!(read(text.as_bytes()), None);
        }
    }

    #[test]
    fn servers_that_write_to_people_are_understood() {
        let letter = |from: &str| {
            format!(
                "From: <{from}>\r\nSubject: failure notice\r\n\r\nI could not deliver your message.\r\n\r\n\
                 <ada@example.com>:\r\n550 5.1.1 sorry, no mailbox here by that name\r\n\r\n--- Below is a copy.\r\n\r\n\
                 Message-ID: <7.{KEY}@shop.example>\r\n"
            )
        };
        assert!(is_hard_bounce(of(letter("MAILER-DAEMON@mx.example").as_bytes())));
        assert_eq!(of(letter("ada@example.com").as_bytes()), None);
    }

    #[test]
    fn whoever_wants_no_more_says_so_in_the_subject() {
        let letter = format!("From: ada@example.com\r\nSubject: Unsubscribe 7.{KEY}\r\n\r\n\r\n");
        assert_eq!(of(letter.as_bytes()), Some(Said::Unsubscribes));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(raw in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
            let _ = read(&raw);
            let mut whole = report("failed", "5.1.1", "x");
            let at = raw.len() % whole.len();
            whole.splice(at..at, raw);
            let _ = read(&whole);
        }
    }
}
