//! What an e-mail service reports of what came back: Amazon SES by way of SNS, Mailgun, Postmark, or anybody in a plain
//! form. What is no report of that, such as a delivery, says nothing.

use super::message::{MessageId, first_id};
use serde_json::Value;

/// Shown to people; more than this is not.
const TOLD: usize = 300;

/// What happened to one recipient's e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// In lower case; empty when only the e-mail is named.
    pub address: String,
    /// Which e-mail, where the service says it.
    pub message: Option<MessageId>,
    pub what: Fate,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It could not be delivered, for ever or for now.
    Bounced { is_hard: bool, reason: String },
    /// They want no more, or called it spam.
    Unsubscribed,
}

/// Everything that a call says, in its order.
pub fn reports(call: &Value) -> Vec<Report> {
    match call {
        Value::Array(all) => all.iter().flat_map(reports).collect(),
        _ if call["Type"] == "Notification" => {
            // SNS wraps it as a text.
            let inside = call["Message"].as_str().and_then(|text| serde_json::from_str(text).ok());
            inside.as_ref().map(of_ses).unwrap_or_default()
        }
        _ if call["notificationType"].is_string() || call["eventType"].is_string() => of_ses(call),
        _ if call["event-data"].is_object() => of_mailgun(&call["event-data"]).into_iter().collect(),
        _ if call["RecordType"].is_string() => of_postmark(call).into_iter().collect(),
        _ if call["event"].is_string() => of_mailgun(call).into_iter().collect(),
        _ => of_anybody(call).into_iter().collect(),
    }
}

/// The address at which SNS wants to hear that its calls are wanted; `None` for what is no such question, or another's.
pub fn confirmation(call: &Value) -> Option<&str> {
    let url = call["SubscribeURL"].as_str().filter(|_| call["Type"] == "SubscriptionConfirmation")?;
    let host = url.strip_prefix("https://")?.split(['/', '?', '#']).next()?;
    let is_amazons = host.starts_with("sns.")
        && (host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"))
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    is_amazons.then_some(url)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn report(address: &Value, about: &Value, what: Fate) -> Option<Report> {
    let address = text(address).trim().to_lowercase();
    let message = first_id(&about.to_string());
    (message.is_some() || !address.is_empty()).then_some(Report { address, message, what })
}

fn bounced(is_hard: bool, reason: &str) -> Fate {
    Fate::Bounced { is_hard, reason: reason.trim().chars().take(TOLD).collect() }
}

fn of_ses(event: &Value) -> Vec<Report> {
    let kind = event["notificationType"].as_str().or(event["eventType"].as_str()).unwrap_or_default();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match kind {
        "Bounce" => {
            let is_hard = event["bounce"]["bounceType"] == "Permanent";
            let one = |who: &Value| {
                let reason = who["diagnosticCode"].as_str().unwrap_or(text(&who["status"]));
                report(&who["emailAddress"], &event["mail"], bounced(is_hard, reason))
            };
            list(&event["bounce"]["bouncedRecipients"]).iter().filter_map(one).collect()
        }
        "Complaint" => {
            let one = |who: &Value| report(&who["emailAddress"], &event["mail"], Fate::Unsubscribed);
            list(&event["complaint"]["complainedRecipients"]).iter().filter_map(one).collect()
        }
        _ => Vec::new(),
    }
}

fn of_mailgun(event: &Value) -> Option<Report> {
    let what = match text(&event["event"]) {
        "failed" => {
            let status = &event["delivery-status"];
            let words = [&status["message"], &status["description"], &event["reason"]];
            let reason = words.into_iter().map(text).find(|words| !words.is_empty()).unwrap_or_default();
            bounced(event["severity"] == "permanent", reason)
        }
        "complained" | "unsubscribed" => Fate::Unsubscribed,
        _ => return None,
    };
    report(&event["recipient"], &event["message"], what)
}

fn of_postmark(record: &Value) -> Option<Report> {
    match text(&record["RecordType"]) {
        "Bounce" => {
            let is_hard = match text(&record["Type"]) {
                "HardBounce" | "BadEmailAddress" | "ManuallyDeactivated" => true,
                "SoftBounce" | "Transient" | "DnsError" | "Blocked" | "DMARCPolicy" | "Undetermined" => false,
                "SpamNotification" | "SpamComplaint" | "Unsubscribe" => {
                    return report(&record["Email"], record, Fate::Unsubscribed);
                }
                // People are away, and the like.
                _ => return None,
            };
            let reason = [&record["Details"], &record["Description"]];
            let reason = reason.into_iter().map(text).find(|words| !words.is_empty()).unwrap_or_default();
            report(&record["Email"], record, bounced(is_hard, reason))
        }
        "SpamComplaint" => report(&record["Email"], record, Fate::Unsubscribed),
        "SubscriptionChange" if record["SuppressSending"] == true => {
            report(&record["Recipient"], record, Fate::Unsubscribed)
        }
        _ => None,
    }
}

/// `{"email": "ada@shop.example", "message_id": "…", "type": "hard", "reason": "…"}`; also soft and unsubscribe.
fn of_anybody(call: &Value) -> Option<Report> {
    let reason = text(&call["reason"]);
    let what = match text(&call["type"]) {
        "hard" => bounced(true, reason),
        "soft" => bounced(false, reason),
        "unsubscribe" | "complaint" => Fate::Unsubscribed,
        _ => return None,
    };
    report(&call["email"], &call["message_id"], what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::CampaignId;
    use serde_json::json;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn one(call: &Value) -> Report {
        let mut all = reports(call);
        assert_eq!(all.len(), 1, "{call}");
        all.remove(0)
    }

    fn hard(reason: &str) -> Fate {
        Fate::Bounced { is_hard: true, reason: reason.into() }
    }

    #[test]
    fn each_services_reports_are_understood_as_it_documents_them() {
        let header = format!("<7.{KEY}@shop.example>");
        let ours = Some(MessageId { campaign: CampaignId(7), key: KEY.into() });
        let ses = json!({ "notificationType": "Bounce", "bounce": { "bounceType": "Permanent", "bouncedRecipients":
            [{ "emailAddress": "Jane@Shop.example", "status": "5.1.1", "diagnosticCode": "smtp; 550 no user" }] },
            "mail": { "messageId": "00000138111222aa", "headers": [{ "name": "Message-ID", "value": header }] } });
        let wrapped = json!({ "Type": "Notification", "Message": ses.to_string() });
        for call in [&ses, &wrapped] {
            let found = one(call);
            assert_eq!((found.address.as_str(), &found.message), ("jane@shop.example", &ours));
            assert_eq!(found.what, hard("smtp; 550 no user"));
        }
        let complaint = json!({ "eventType": "Complaint", "mail": {},
            "complaint": { "complainedRecipients": [{ "emailAddress": "a@b.c" }, { "emailAddress": "d@e.f" }] } });
        assert_eq!(reports(&complaint).len(), 2);
        let mailgun = json!({ "signature": {}, "event-data": { "event": "failed", "severity": "temporary",
            "recipient": "a@b.c", "delivery-status": { "code": 452, "message": "4.2.2 full" },
            "message": { "headers": { "message-id": format!("7.{KEY}@shop.example") } } } });
        let found = one(&mailgun);
        assert_eq!(found.what, Fate::Bounced { is_hard: false, reason: "4.2.2 full".into() });
        assert_eq!(found.message, ours);
        let postmark = json!({ "RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1, "Email": "a@b.c",
            "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483", "Details": "smtp;550 5.1.1", "Inactive": true });
        let found = one(&postmark);
        assert_eq!((found.what, found.message), (hard("smtp;550 5.1.1"), None));
        let plain =
            json!([{ "email": "a@b.c", "type": "unsubscribe" }, { "type": "hard", "message_id": header }]);
        let both = reports(&plain);
        assert_eq!((&both[0].what, &both[1].message), (&Fate::Unsubscribed, &ours));
    }

    #[test]
    fn what_is_no_report_says_nothing() {
        for call in [
            json!({ "event-data": { "event": "delivered", "recipient": "a@b.c" } }),
            json!({ "RecordType": "Bounce", "Type": "AutoResponder", "Email": "a@b.c" }),
            json!({ "RecordType": "Delivery", "Recipient": "a@b.c" }),
            json!({ "notificationType": "Delivery", "mail": {} }),
            json!({ "Type": "Notification", "Message": "no json" }),
            json!({ "type": "hard" }),
            json!("hard"),
            json!(null),
        ] {
            assert_eq!(reports(&call), [], "{call}");
        }
    }

    #[test]
    fn only_amazon_is_confirmed_to() {
        let call = |url: &str| json!({ "Type": "SubscriptionConfirmation", "SubscribeURL": url });
        let good = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=x";
        assert_eq!(confirmation(&call(good)), Some(good));
        for bad in [
            "http://sns.eu-west-1.amazonaws.com/",
            "https://sns.evil.example/?.amazonaws.com",
            "https://sns.x@evil.example/.amazonaws.com",
            "https://169.254.169.254/",
            "https://evil.amazonaws.com/",
        ] {
            assert_eq!(confirmation(&call(bad)), None, "{bad}");
        }
        assert_eq!(confirmation(&json!({ "SubscribeURL": good })), None);
    }
}
