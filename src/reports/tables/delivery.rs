//! The table of what became of the e-mails.

use crate::reports::delivery::Delivery;
use crate::reports::report::Report;
use crate::reports::table::{Cell, Table, Unit, column};

pub fn delivery(report: &Report) -> Table {
    Table {
        name: "delivery",
        title: "What became of the e-mails",
        about: "Shares are of the e-mails that the mail server took. Opens are an indication only: many mail programs load \
                pictures by themselves, others never do.",
        columns: vec![
            column("What", Unit::Text),
            column("How many", Unit::Count),
            column("Of those sent", Unit::Share),
            column("Note", Unit::Text),
        ],
        rows: report.delivery.as_ref().map_or(Vec::new(), rows),
    }
}

fn rows(of: &Delivery) -> Vec<Vec<Cell>> {
    let share = |count: u64| (of.sent > 0).then(|| count as f64 / of.sent as f64);
    let row = |what: &str, count: u64, note: &str| {
        vec![what.into(), count.into(), share(count).into(), note.into()]
    };
    let bare = |what: &str, count: u64, note: &str| vec![what.into(), count.into(), Cell::None, note.into()];
    let handed_over = [
        row("Sent", of.sent, "taken by the mail server"),
        bare("Refused", of.refused, "the mail server will never take it"),
        bare("Given up", of.given_up, "the server said “later” too often"),
        bare("Unclear", of.unclear, "whether the server took it cannot be known"),
        bare("Left out", of.left_out, "never tried: no address, or unsubscribed"),
    ];
    let answered = [
        row("Came back for ever", of.bounced_hard, "the mailbox does not exist"),
        row("Came back for now", of.bounced_soft, "a full mailbox, for instance"),
        row("Opened, raw", of.openers_raw, "recipients whose program loaded the picture"),
        row("Opened", of.openers, "recipients who opened or clicked, as far as it can be told"),
        row("Clicked", of.clickers, "recipients with a click by a person, as far as it can be told"),
        bare("Clicks", of.clicks, "by people"),
        bare("Clicks, raw", of.clicks_raw, "with those of programs that check links"),
        row("Unsubscribed", of.unsubscribed, "by a link of this e-mail"),
    ];
    // Another tool does not tell what it handed over.
    let is_ours = of.sent + of.refused + of.given_up + of.unclear + of.left_out > 0;
    let mut rows: Vec<Vec<Cell>> = handed_over.into_iter().filter(|_| is_ours).chain(answered).collect();
    rows.extend(
        of.by_place
            .iter()
            .map(|(place, clicks)| bare(&format!("Clicks on place {place}"), *clicks, "by people")),
    );
    rows
}
