//! Files as e-mail tools write them.

use super::*;
use chrono::TimeZone;

fn known(name: &str) -> Option<String> {
    let customers =
        [("ada@example.com", "c1"), ("bo@example.com", "c2"), ("c1", "c1"), ("c2", "c2"), ("c3", "c3")];
    let name = name.to_lowercase();
    customers.iter().find(|(known, _)| *known == name).map(|(_, customer)| (*customer).to_owned())
}

fn told(text: &str) -> Told {
    read(text.as_bytes(), None, Tz::UTC, &known).unwrap()
}

fn times(of: Option<&Of>) -> (usize, usize) {
    of.map_or((0, 0), |of| (of.opens.len(), of.clicks.len()))
}

#[test]
fn a_row_for_each_recipient_with_counts() {
    let all = told(
        "Email Address,First Name,Opens,Clicks\nADA@example.com,Ada,3,1\nbo@example.com,Bo,0,0\nx@y.z,X,1,1\n",
    );
    assert_eq!(times(all.recipients.get("c1")), (3, 1));
    assert!(!all.recipients.contains_key("c2"), "who did nothing is not kept");
    let ignored: Vec<_> = all.ignored.iter().map(|removed| removed.count).collect();
    assert_eq!(ignored, [1, 1], "one stranger, one without news: {:?}", all.ignored);
    // More than a person does is bounded.
    assert_eq!(times(told("email;clicks\nada@example.com;900000000000\n").recipients.get("c1")), (0, 50));
}

#[test]
fn marks_and_times_are_counts_of_one() {
    let all = told(
        "user_id,opened_at,clicked,unsubscribed\nc1,2026-09-02 10:15:00,yes,no\nc2,,false,TRUE\nc3,never,-,n\n",
    );
    let at = Tz::UTC.with_ymd_and_hms(2026, 9, 2, 10, 15, 0).unwrap().to_utc();
    assert_eq!(all.recipients["c1"].opens, [Some(at)]);
    assert_eq!(all.recipients["c1"].clicks, [None]);
    assert!(all.recipients["c2"].unsubscribed && all.recipients["c2"].opens.is_empty());
    assert!(!all.recipients.contains_key("c3"));
}

#[test]
fn a_row_for_each_thing_that_happened() {
    let all = told(
        "timestamp,recipient,event\n2026-09-02T08:00:00Z,ada@example.com,delivered\n2026-09-02T09:00:00Z,ada@example.com,open\n\
         2026-09-02T09:01:00Z,ada@example.com,Clicked Email\n2026-09-03T09:01:00Z,ada@example.com,click\n\
         2026-09-02T08:00:01Z,bo@example.com,soft_bounce\n",
    );
    assert_eq!(times(all.recipients.get("c1")), (1, 2));
    assert!(all.recipients["c1"].clicks[0] < all.recipients["c1"].clicks[1]);
    assert_eq!(all.recipients["c2"].bounced, Some(false));
}

#[test]
fn bounces_are_hard_unless_they_say_soft() {
    let all = told("Email Address,Bounce Type\nada@example.com,Hard\nbo@example.com,Soft\n");
    assert_eq!((all.recipients["c1"].bounced, all.recipients["c2"].bounced), (Some(true), Some(false)));
}

#[test]
fn a_list_of_people_needs_to_be_told_what_they_did() {
    let list = "email,first_name\nada@example.com,Ada\n";
    assert_eq!(read(list.as_bytes(), None, Tz::UTC, &known), Err(FileError::NoTelling));
    let all = read(list.as_bytes(), Some(What::Unsubscribed), Tz::UTC, &known).unwrap();
    assert!(all.recipients["c1"].unsubscribed);
}

#[test]
fn what_cannot_be_used_is_said() {
    let of = |text: &str| read(text.as_bytes(), None, Tz::UTC, &known).unwrap_err();
    assert_eq!(of("name,opens\nAda,1\n"), FileError::NoRecipients);
    assert_eq!(of("email,opens\nx@y.z,1\nz@y.x,2\n"), FileError::NobodyKnown(2));
    assert!(matches!(of(""), FileError::List(_)));
    assert!(matches!(of("PK\u{3}\u{4}…"), FileError::List(ListError::Workbook)));
}

proptest::proptest! {
    #[test]
    fn no_file_panics(text in "[ -~\n,;\"]{0,200}") {
        read(text.as_bytes(), None, Tz::UTC, &known).ok();
        read(format!("email,opens,clicks,date,status\n{text}").as_bytes(), None, Tz::Europe__Berlin, &known).ok();
    }
}
