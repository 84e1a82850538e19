//! People told from programs: mail filters follow links and load pictures before anybody sees the e-mail.
//!
//! A click does not count when a link that no person sees was followed by the same recipient within ten seconds of it, when
//! it came within ten seconds of the sending, when three places or more were followed within two seconds, or when whoever
//! followed it called itself a program. Opens are an indication only: many mail programs load pictures by themselves.

use crate::ids::CampaignId;
use crate::store::responses::{self, Response, ResponseKind};
use crate::store::{Conn, StoreResult};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

const TRAP: TimeDelta = TimeDelta::seconds(10);
const AT_ONCE_AFTER_SENDING: TimeDelta = TimeDelta::seconds(10);
const BURST: TimeDelta = TimeDelta::seconds(2);
/// So many different places within the burst.
const BURST_PLACES: usize = 3;

/// Raw and screened, side by side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    pub clicks_raw: u64,
    pub clicks: u64,
    /// Recipients with a click that counts.
    pub clickers: u64,
    pub openers_raw: u64,
    /// Recipients who opened, or clicked so that it counts.
    pub openers: u64,
    /// Clicks that count, by place.
    pub by_slot: BTreeMap<i32, u64>,
}

/// Of all responses to the campaign.
pub fn counted(conn: &mut Conn, campaign: CampaignId) -> StoreResult<Counted> {
    let mut counted = Counted::default();
    of_each(conn, campaign, |_, of_one, sent_at| counted.add(of_one, sent_at))?;
    Ok(counted)
}

/// Who clicked when, of clicks that count; by customer, then time.
pub fn clicks(conn: &mut Conn, campaign: CampaignId) -> StoreResult<Vec<(String, DateTime<Utc>)>> {
    let mut clicks = Vec::new();
    of_each(conn, campaign, |customer, of_one, sent_at| {
        let people = of_one.iter().filter(|one| is_click(one) && is_a_persons(one, of_one, sent_at));
        clicks.extend(people.map(|click| (customer.to_owned(), click.at)));
    })?;
    Ok(clicks)
}

/// One recipient's responses at a time: memory does not grow with the campaign.
fn of_each(
    conn: &mut Conn,
    campaign: CampaignId,
    mut with: impl FnMut(&str, &[Response], Option<DateTime<Utc>>),
) -> StoreResult<()> {
    let mut of_one: Vec<Response> = Vec::new();
    let mut last = None;
    responses::each(conn, campaign, |response, sent_at| {
        if let Some(first) = of_one.first().filter(|first| first.customer != response.customer) {
            with(&first.customer, &of_one, last);
            of_one.clear();
        }
        of_one.push(response);
        last = sent_at;
    })?;
    if let Some(first) = of_one.first() {
        with(&first.customer, &of_one, last);
    }
    Ok(())
}

fn is_click(response: &Response) -> bool {
    response.kind == ResponseKind::Click
}

impl Counted {
    /// One recipient's responses, by time.
    fn add(&mut self, responses: &[Response], sent_at: Option<DateTime<Utc>>) {
        let clicks: Vec<&Response> = responses.iter().filter(|one| is_click(one)).collect();
        let people: Vec<&Response> =
            clicks.iter().copied().filter(|click| is_a_persons(click, responses, sent_at)).collect();
        self.clicks_raw += clicks.len() as u64;
        self.clicks += people.len() as u64;
        for click in &people {
            *self.by_slot.entry(click.slot.unwrap_or_default()).or_default() += 1;
        }
        self.clickers += u64::from(!people.is_empty());
        let opens: Vec<&Response> = responses.iter().filter(|one| one.kind == ResponseKind::Open).collect();
        let is_late = |open: &&Response| sent_at.is_none_or(|sent| open.at - sent > AT_ONCE_AFTER_SENDING);
        let is_open =
            opens.iter().filter(|open| !open.by_program).any(|open| open.from_file || is_late(open));
        self.openers_raw += u64::from(!opens.is_empty());
        self.openers += u64::from(is_open || !people.is_empty());
    }
}

/// Whether a person clicked; `responses` are all of the same recipient.
fn is_a_persons(click: &Response, responses: &[Response], sent_at: Option<DateTime<Utc>>) -> bool {
    if click.from_file {
        return true;
    }
    let is_near = |one: &&Response, span: TimeDelta| (one.at - click.at).abs() <= span;
    let is_trapped =
        responses.iter().filter(|one| one.kind == ResponseKind::Trap).any(|trap| is_near(&trap, TRAP));
    let is_at_once = sent_at.is_some_and(|sent| click.at - sent <= AT_ONCE_AFTER_SENDING);
    let burst: HashSet<Option<i32>> =
        responses.iter().filter(|one| is_click(one) && is_near(one, BURST)).map(|one| one.slot).collect();
    !(click.by_program || is_trapped || is_at_once || burst.len() >= BURST_PLACES)
}

/// What programs that follow links call themselves.
const PROGRAMS: [&str; 14] = [
    "bot", "crawl", "spider", "preview", "scan", "headless", "python", "curl", "wget", "java/", "go-http",
    "okhttp", "libwww", "monitor",
];

/// Whether the user agent says that it is no person's browser; nothing at all says so too.
pub fn is_program(agent: &str) -> bool {
    let agent = agent.to_ascii_lowercase();
    agent.trim().is_empty() || PROGRAMS.iter().any(|program| agent.contains(program))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(kind: ResponseKind, slot: i32, second: i64) -> Response {
        Response {
            customer: "ada".into(),
            kind,
            slot: Some(slot),
            product: None,
            at: DateTime::UNIX_EPOCH + TimeDelta::seconds(second),
            by_program: false,
            from_file: false,
        }
    }

    fn of(responses: &[Response]) -> Counted {
        let mut counted = Counted::default();
        counted.add(responses, Some(DateTime::UNIX_EPOCH));
        counted
    }

    #[test]
    fn a_person_counts_and_a_filter_does_not() {
        use ResponseKind::{Click, Open, Trap};
        let person = of(&[response(Open, 0, 60), response(Click, 2, 65), response(Click, 2, 90)]);
        assert_eq!((person.clicks_raw, person.clicks, person.clickers, person.openers), (2, 2, 1, 1));
        assert_eq!(person.by_slot, BTreeMap::from([(2, 2)]));
        let filter = of(&[response(Click, 1, 3), response(Trap, 0, 4), response(Open, 0, 2)]);
        assert_eq!((filter.clicks_raw, filter.clicks, filter.clickers), (1, 0, 0));
        assert_eq!((filter.openers_raw, filter.openers), (1, 0));
        // The filter of an hour later follows all links, the hidden one too; the person's click the day after counts.
        let both = [
            response(Click, 1, 3_600),
            response(Click, 2, 3_605),
            response(Trap, 0, 3_606),
            response(Click, 1, 90_000),
        ];
        assert_eq!((of(&both).clicks_raw, of(&both).clicks), (3, 1));
        let burst = [response(Click, 1, 100), response(Click, 2, 101), response(Click, 3, 102)];
        assert_eq!(of(&burst).clicks, 0);
        let two = [response(Click, 1, 100), response(Click, 2, 101)];
        assert_eq!(of(&two).clicks, 2);
        let told = Response { from_file: true, ..response(Click, 0, 1) };
        let told = of(&[told]);
        assert_eq!((told.clicks, told.clickers), (1, 1), "the tool screened it");
        let named = Response { by_program: true, ..response(Click, 1, 100) };
        assert_eq!(of(&[named]).clicks, 0);
    }

    #[test]
    fn programs_are_known_by_name() {
        for agent in ["", "Mozilla/5.0 (compatible; bingbot/2.0)", "curl/8.5", "Python-urllib/3.11"] {
            assert!(is_program(agent), "{agent}");
        }
        let person =
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148";
        assert!(!is_program(person));
    }
}
