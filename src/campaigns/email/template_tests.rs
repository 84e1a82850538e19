//! Templates from their text to a recipient's e-mail.

use super::super::gallery::GALLERY;
use super::super::names::{CLOSE, OPEN};
use super::super::parts::Shown;
use super::*;

fn settings() -> EmailSettings {
    EmailSettings {
        logo_url: "https://shop.example/logo.png".into(),
        footer: "A & B Ltd".into(),
        ..EmailSettings::default()
    }
}

fn source(mjml: &str) -> Source<'_> {
    Source { subject: "Hi {{first_name}}", preheader: "Look", mjml }
}

fn faults(mjml: &str) -> Vec<String> {
    let faults = compile(source(mjml), "Shop", &settings()).map(|_| ()).unwrap_err();
    faults.iter().map(Fault::sentence).collect()
}

fn product(n: usize) -> Shown<'static> {
    Shown {
        title: ["Lamp <1>", "Chair \"2\"", "Table 3"][n],
        price: format!("{n}.50 EUR"),
        reason: "Because you bought “Tea & more”".into(),
        url: format!("https://shop.example/{n}?a=1&b=2"),
        image_url: if n == 2 { "".into() } else { format!("https://shop.example/{n}.png").into() },
        ..Shown::default()
    }
}

fn mail(products: usize) -> Mail<'static> {
    Mail {
        first_name: "Zoë",
        unsubscribe_url: "https://shop.example/leave?t=1&u=2".into(),
        products: (0..products).map(product).collect(),
        ..Mail::default()
    }
}

fn around(body: &str) -> String {
    format!(
        "<mjml>\n<mj-body>\n{body}\n{{{{products}}}}\n<mj-section><mj-column><mj-text><a href=\"{{{{unsubscribe_url}}}}\">x</a></mj-text></mj-column></mj-section>\n</mj-body>\n</mjml>"
    )
}

#[test]
fn every_starting_template_becomes_an_e_mail() {
    for starter in &GALLERY {
        let source = Source { subject: starter.subject, preheader: starter.preheader, mjml: starter.mjml };
        let compiled = compile(source, "Shop & Co", &settings())
            .unwrap_or_else(|faults| panic!("{}: {faults:?}", starter.name));
        assert_eq!(compiled.notes, [], "{}", starter.name);
        let Rendered { subject, html, text } = compiled.fill(&mail(3));
        assert!(!subject.is_empty() && !subject.contains("{{"), "{subject}");
        for n in 0..3 {
            let title = product(n).title.replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
            assert!(html.contains(&title), "{}: {title} in {html}", starter.name);
            assert!(
                html.contains(&format!("https://shop.example/{n}?a=1&amp;b=2")),
                "{}: {html}",
                starter.name
            );
            assert!(text.contains(product(n).title), "{}: {text}", starter.name);
            assert!(
                text.contains(&format!("(https://shop.example/{n}?a=1&b=2)")),
                "{}: {text}",
                starter.name
            );
        }
        for words in [
            "Because you bought “Tea &amp; more”",
            "color-scheme",
            "prefers-color-scheme: dark",
            "A &amp; B Ltd",
        ] {
            assert!(html.contains(words), "{}: {words} in {html}", starter.name);
        }
        assert!(html.contains("https://shop.example/leave?t=1&amp;u=2"));
        assert!(text.contains("(https://shop.example/leave?t=1&u=2)"), "{text}");
        for left in ["{{", "mj-raw", "fonts.googleapis", "<script", "src=\"\"", "alt=\"\""] {
            assert!(!html.contains(left), "{}: {left} in {html}", starter.name);
        }
        assert!(!html.contains([OPEN, CLOSE]) && !text.contains([OPEN, CLOSE]));
    }
}

#[test]
fn pairs_of_conditional_comments_stay_whole() {
    for starter in &GALLERY {
        let source = Source { subject: "x", preheader: "", mjml: starter.mjml };
        let compiled = compile(source, "Shop", &EmailSettings::default()).unwrap();
        for products in 0..4 {
            let html = compiled.fill(&mail(products.min(3))).html;
            let count = |words: &str| html.matches(words).count();
            // A part that only Outlook skips begins with two openings: <!--[if !mso]><!-->
            assert_eq!(count("<!--"), count("-->") + count("<!-->"), "{} with {products}", starter.name);
            assert_eq!(count("<table"), count("</table>"), "{} with {products}: {html}", starter.name);
            assert_eq!(count("<tr"), count("</tr>"), "{} with {products}", starter.name);
            assert_eq!(count("<td"), count("</td>"), "{} with {products}", starter.name);
            assert_eq!(count("<div"), count("</div>"), "{} with {products}", starter.name);
        }
    }
}

#[test]
fn faults_are_named_at_their_line() {
    let said =
        faults(&around("<mj-section><mj-column><mj-text>{{frist_name}}</mj-text></mj-column></mj-section>"));
    assert_eq!(said, ["Line 3: {{frist_name}} is not known; did you mean {{first_name}}?"]);
    let said = faults(&around("<mj-section>\n<mj-column>\n</mj-section>"));
    assert_eq!(said, ["Line 4: <mj-column> is not closed before </mj-section> on line 5."]);
    let said =
        faults(&around("<mj-section><mj-column><mj-text>\n{{products}}</mj-text></mj-column></mj-section>"));
    assert_eq!(said, ["Line 4: {{products}} must stand between sections: take it out of <mj-text>."]);
    assert_eq!(
        faults(&around("\n{{title}}"))[0],
        "Line 4: {{title}} is a product's: it can stand only within {{#products}} … {{/products}}."
    );
    assert!(
        faults(&around("\n<mj-section>{{#if first_name}}</mj-section>"))[0]
            .starts_with("Line 4: {{#if …}} is never ended")
    );
    assert!(faults(&around("\n\n{{ oops"))[0].starts_with("Line 5: {{ is not ended"));
}

#[test]
fn values_stand_only_where_escaping_makes_them_safe() {
    let column = |inner: &str| around(&format!("<mj-section><mj-column>{inner}</mj-column></mj-section>"));
    for (inner, words) in [
        ("<mj-text><a href=\"{{first_name}}\">x</a></mj-text>", "href needs an address"),
        ("<mj-text><a href=\"https://x/{{unsubscribe_url}}\">x</a></mj-text>", "nothing can stand before"),
        ("<mj-text><a href={{unsubscribe_url}}>x</a></mj-text>", "double quotation marks"),
        ("<mj-text><b style=\"color:{{first_name}}\">x</b></mj-text>", "cannot stand in a style"),
        ("<mj-text><b onclick=\"{{first_name}}\">x</b></mj-text>", "run no scripts"),
        ("<mj-style>.a { color: {{first_name}}; }</mj-style>", "cannot stand in a style"),
    ] {
        let said = faults(&column(inner));
        assert!(said[0].contains(words), "{inner}: {said:?}");
    }
    assert!(
        compile(
            source(&column("<mj-text color=\"{{colour}}\"><b style=\"color:{{colour}}\">x</b></mj-text>")),
            "S",
            &settings()
        )
        .is_ok()
    );
}

#[test]
fn an_e_mail_needs_products_a_subject_and_a_way_out() {
    let bare = "<mjml><mj-body><mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section></mj-body></mjml>";
    let said = faults(bare);
    assert!(said[0].contains("shows no products") && said[1].contains("nobody leave the list"), "{said:?}");
    let no_subject = Source { subject: " ", ..source(GALLERY[0].mjml) };
    assert!(compile(no_subject, "S", &settings()).unwrap_err()[0].text.contains("needs a subject"));
    let wrong = Source { subject: "{{nam}}", ..source(GALLERY[0].mjml) };
    assert!(compile(wrong, "S", &settings()).unwrap_err()[0].text.starts_with("The subject: "));
}

#[test]
fn an_attribute_of_no_effect_is_noted() {
    let mjml = around("<mj-section><mj-column>\n<mj-spacer heigth=\"3px\" /></mj-column></mj-section>")
        .replace("<mjml>", "<mjml langg=\"en\">");
    let compiled = compile(source(&mjml), "S", &settings()).unwrap();
    assert_eq!(compiled.notes.first().map(|note| note.line), Some(1), "{:?}", compiled.notes);
}

#[test]
fn texts_in_quotation_marks_arrive_as_they_were_written() {
    let image =
        "<mj-image src=\"https://s.example/a.png\" alt='Cafe&#x301; e\u{301} ❤\u{fe0f} C:\\x \"quoted\"' />";
    let mjml = around(&format!("<mj-section><mj-column>{image}</mj-column></mj-section>"));
    let html = compile(source(&mjml), "S", &settings()).unwrap().fill(&mail(1)).html;
    let alt = r#"alt="Cafe&#x301; e&#769; ❤&#65039; C:&#92;x &#34;quoted&#34;""#;
    assert!(html.contains(alt), "{html}");
}
