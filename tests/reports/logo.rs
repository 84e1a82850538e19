//! The shop's logo in what is printed: given as a file, drawn anew, never fetched while a PDF is written.

use super::frozen::reported_then_refunded;
use super::support::run;
use super::support::server::{Server, Visitor, body};
use image::{ImageFormat, Rgba, RgbaImage};
use std::io::Cursor;
use std::path::Path;
use std::process::Command;

/// A picture of 300 × 100 points, which no other on a report is.
fn picture() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let drawn = RgbaImage::from_fn(300, 100, |x, _| Rgba([200, (x % 256) as u8, 20, 255]));
    drawn.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn give(who: &Visitor, csrf: &str, action: &str, file: &[u8]) -> u16 {
    let field = |name: &str, value: &str| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes()
    };
    let head = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"logo.png\"\r\n\
                Content-Type: image/png\r\n\r\n";
    let parts = [&field("csrf", csrf)[..], &field("action", action), head.as_bytes(), file, b"\r\n--x--\r\n"];
    let request = who.agent.post(format!("{}/shop/logo", who.url));
    request.content_type("multipart/form-data; boundary=x").send(parts.concat()).unwrap().status().as_u16()
}

/// What poppler finds: widths and heights of the pictures, and the tagged parts.
fn opened(folder: &Path, pdf: &[u8]) -> (Vec<(u32, u32)>, String) {
    let file = folder.join("report.pdf");
    std::fs::write(&file, pdf).unwrap();
    let said = |program: &str, words: &[&str]| {
        let found = run(Command::new(program).args(words).arg(&file), "poppler-utils");
        String::from_utf8(found.stdout).unwrap()
    };
    let listed = said("pdfimages", &["-list"]);
    let size = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        Some((words.get(3)?.parse().ok()?, words.get(4)?.parse().ok()?))
    };
    (listed.lines().filter_map(size).collect(), said("pdfinfo", &["-struct"]))
}

#[test]
fn a_report_and_a_comparison_show_the_logo_that_was_given() {
    let server = Server::start("", reported_then_refunded);
    let ada = server.owner();
    let folder = tempfile::tempdir().unwrap();
    let pdf = |path: &str| {
        let mut answer = ada.get(path);
        assert_eq!(answer.status(), 200, "{path}");
        opened(folder.path(), &answer.body_mut().read_to_vec().unwrap())
    };
    let paths = ["/campaigns/1/report.pdf", "/reports/compare.pdf?campaign=1"];
    assert_eq!(pdf(paths[0]).0, [], "no logo yet");
    assert!(ada.page("/shop/email").contains("Reports have no logo yet"));

    let bo = ada.adds("bo@example.com", "analyst");
    assert_eq!(give(&bo, &bo.csrf, "keep", &picture()), 403, "an analyst changes nothing");
    assert_eq!(give(&ada, "forged", "keep", &picture()), 403);
    assert_eq!(give(&ada, &ada.csrf, "keep", b"<svg onload='alert(1)'/>"), 422);
    assert_eq!(pdf(paths[0]).0, [], "what was refused is not kept");

    assert_eq!(give(&ada, &ada.csrf, "keep", &picture()), 303);
    for path in paths {
        let (pictures, tags) = pdf(path);
        assert_eq!(pictures, [(300, 100)], "{path}");
        assert!(tags.contains("Figure"), "{path}: {tags}");
    }
    assert!(ada.page("/shop/email").contains("Reports show the picture that was given here."));
    assert_eq!(give(&ada, &ada.csrf, "remove", b""), 303);
    assert_eq!(pdf(paths[1]).0, []);
}

/// The copy that pages and e-mails made of the logo serves too, however old it is; its server is asked for nothing.
#[test]
fn the_copy_of_the_emails_logo_is_shown_and_nothing_is_fetched_for_a_report() {
    let server = Server::start("", reported_then_refunded);
    let ada = server.owner();
    let url = "https://shop.invalid/logo.png";
    let fields = [("colour", "#0f6e5c"), ("logo_url", url)];
    assert_eq!(ada.post("/shop/email", &fields).status(), 303);
    let folder = tempfile::tempdir().unwrap();
    let pdf = || {
        let mut answer = ada.get("/campaigns/1/report.pdf");
        opened(folder.path(), &answer.body_mut().read_to_vec().unwrap()).0
    };
    assert_eq!(pdf(), [], "there is no copy, and no such server");
    let name = handpick::keyed::hex(&<sha2::Sha256 as sha2::Digest>::digest(url.as_bytes()));
    let place = server.folder.path().join("data").join("shops/1/pictures").join(&name[..2]);
    std::fs::create_dir_all(&place).unwrap();
    let mut jpeg = Cursor::new(Vec::new());
    image::load_from_memory(&picture()).unwrap().to_rgb8().write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
    std::fs::write(place.join(format!("{name}.jpg")), jpeg.into_inner()).unwrap();
    assert_eq!(pdf(), [(300, 100)]);
    assert!(body(ada.get("/shop/email")).contains("Reports show a copy of the e-mails' logo"));
    // A copy that was damaged is left out, and the report is still written.
    std::fs::write(place.join(format!("{name}.jpg")), b"no picture").unwrap();
    assert_eq!(pdf(), []);
}
