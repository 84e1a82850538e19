//! Filling, by hand.

use super::*;

fn marked(text: &str) -> String {
    text.replace("[", &OPEN.to_string()).replace("]", &CLOSE.to_string())
}

fn mail(titles: &[&'static str]) -> Mail<'static> {
    let shown = |title: &&'static str| Shown { title, ..Shown::default() };
    Mail { first_name: "Zoë <b>", products: titles.iter().map(shown).collect(), ..Mail::default() }
}

fn filled(text: &str, mail: &Mail<'_>, writing: Writing) -> String {
    let fixed = Fixed::from([("shop", Cow::Borrowed("A & B")), ("logo_url", Cow::Borrowed(""))]);
    let parts = read(&marked(text), &fixed, writing).unwrap();
    let mut out = String::new();
    fill(&parts, mail, writing, &mut out);
    out
}

#[test]
fn values_are_escaped_in_html_and_kept_on_their_line_in_text() {
    let mail = Mail { last_name: "O'Hara\"\nBcc: x", ..mail(&[]) };
    let html = "Zoë &lt;b&gt; O&#39;Hara&quot;\nBcc: x, A &amp; B";
    assert_eq!(filled("[first_name] [last_name], [shop]", &mail, Writing::Html), html);
    assert_eq!(filled("[last_name], [shop]", &mail, Writing::Plain), "O'Hara\" Bcc: x, A & B");
}

#[test]
fn conditions_are_decided_once_where_they_can_be() {
    let text = "[#if logo_url]logo[else]no logo[/if], [#if last_name]known[else]stranger[/if]";
    assert_eq!(filled(text, &mail(&[]), Writing::Html), "no logo, stranger");
    let parts =
        read(&marked("[#if logo_url]x[/if]y"), &Fixed::from([("logo_url", "".into())]), Writing::Html);
    assert_eq!(parts, Ok(vec![Part::Text("y".into())]));
}

#[test]
fn pairs_end_with_a_single_one() {
    let text = "[#block all](0[0.title] 1[1.title])[/pair]<[0.title]>[/one]";
    assert_eq!(filled(text, &mail(&["a", "b", "c"]), Writing::Plain), "(0a 1b)<c>");
    let split = "[#block first][/pair]!([0.title])[/one][#block others][/pair]([0.title])[/one]";
    assert_eq!(filled(split, &mail(&["a", "b", "c"]), Writing::Plain), "!(a)(b)(c)");
    assert_eq!(filled(split, &mail(&[]), Writing::Plain), "");
}

#[test]
fn torn_parts_are_refused() {
    for text in ["[#if last_name]x", "x[/if]", "[nobody]", "[#block all]x[/one]"] {
        assert!(read(&marked(text), &Fixed::new(), Writing::Html).is_err(), "{text}");
    }
}

#[test]
fn addresses_that_do_something_are_not_harmless() {
    for address in ["https://x.example/a:b", "/a/b", "mailto:a@b.example", "*|UNSUB|*", "HTTP://x"] {
        assert!(is_harmless(address), "{address}");
    }
    for address in ["javascript:alert(1)", "JaVaScript:x", "data:text/html,x", "java\nscript:x"] {
        assert!(!is_harmless(address), "{address}");
    }
}
