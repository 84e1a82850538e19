//! Filled sheets become a PDF file.

use super::face::{Face, Weight};
use super::foot;
use super::sheets::{Child, Element, HEIGHT, Role, Sheets, WIDTH};
use crate::reports::drawing::{Anchor, Ink, Mark};
use crate::reports::paper::Paper;
use krilla::color::rgb;
use krilla::configure::ConfigurationBuilder;
use krilla::configure::validate::Accessibility;
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Size, Transform};
use krilla::image::Image;
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, SpanTag, TableHeaderScope, Tag, TagGroup, TagTree,
};
use krilla::{Document, SerializeSettings};
use std::num::NonZeroU16;

pub fn print(sheets: &mut Sheets, paper: &Paper) -> Result<Vec<u8>, String> {
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| format!("{error:?}"))?;
    let mut document =
        Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    document.set_metadata(
        Metadata::new()
            .title(format!("{}: what it earned", paper.name))
            .authors(vec![paper.shop.clone()])
            .creator(format!("Handpick {}", env!("CARGO_PKG_VERSION")))
            .language("en".to_owned()),
    );
    let size = PageSettings::from_wh(WIDTH as f32, HEIGHT as f32).ok_or("a page has no size")?;
    let mut identifiers: Vec<Vec<Option<Identifier>>> = Vec::new();
    let count = sheets.pages.len();
    let colours = Colours(paper.accent);
    for (number, pieces) in sheets.pages.iter().enumerate() {
        let mut page = document.start_page_with(size.clone());
        let mut surface = page.surface();
        let mut own = Vec::new();
        for piece in pieces {
            let tag = if piece.is_read {
                ContentTag::Span(SpanTag::empty())
            } else {
                decoration(ArtifactType::Other)
            };
            let identifier = surface.start_tagged(tag);
            let face = sheets.faces.of(piece.weight);
            piece.marks.iter().for_each(|mark| put(&mut surface, mark, face, colours));
            if let (Some(place), Some(logo)) = (piece.logo, &paper.logo) {
                put_logo(&mut surface, logo, place)?;
            }
            surface.end_tagged();
            own.push(piece.is_read.then_some(identifier));
        }
        surface.start_tagged(decoration(ArtifactType::Footer));
        let face = sheets.faces.of(Weight::Regular);
        foot(paper, number + 1, count).iter().for_each(|mark| put(&mut surface, mark, face, colours));
        surface.end_tagged();
        surface.finish();
        page.finish();
        identifiers.push(own);
    }
    document.set_outline(outline(sheets));
    document.set_tag_tree(tree(&sheets.elements, &mut identifiers));
    document.finish().map_err(|error| format!("{error:?}"))
}

fn decoration(kind: ArtifactType) -> ContentTag<'static> {
    ContentTag::Artifact(Artifact::with_kind(kind))
}

fn outline(sheets: &Sheets) -> Outline {
    let mut outline = Outline::new();
    for (name, page, y) in &sheets.outline {
        let there = XyzDestination::new(*page, Point::from_xy(0.0, *y as f32));
        outline.push_child(OutlineNode::new(name.clone(), there));
    }
    outline
}

fn tree(elements: &[Element], identifiers: &mut [Vec<Option<Identifier>>]) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some("en".to_owned()));
    let Some(document) = elements.first() else { return tree };
    for child in &document.children {
        match child {
            Child::Element(number) => tree.push(group(elements, *number, identifiers)),
            Child::Piece { page, at } => {
                if let Some(identifier) = identifiers[*page][*at].take() {
                    tree.push(identifier);
                }
            }
        }
    }
    tree
}

fn group(elements: &[Element], number: usize, identifiers: &mut [Vec<Option<Identifier>>]) -> TagGroup {
    let element = &elements[number];
    let mut group = match &element.role {
        Role::Heading(level, title) => {
            TagGroup::new(Tag::Hn(NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN), Some(title.clone())))
        }
        Role::Paragraph => TagGroup::new(Tag::P),
        Role::Figure(alt) => TagGroup::new(Tag::Figure(Some(alt.clone()))),
        Role::Table => TagGroup::new(Tag::Table),
        Role::Row => TagGroup::new(Tag::TR),
        Role::ColumnHead => TagGroup::new(Tag::TH(TableHeaderScope::Column)),
        Role::RowHead => TagGroup::new(Tag::TH(TableHeaderScope::Row)),
        Role::Cell => TagGroup::new(Tag::TD),
    };
    for child in &element.children {
        match child {
            Child::Element(number) => {
                let inner = self::group(elements, *number, identifiers);
                group.push(inner);
            }
            Child::Piece { page, at } => {
                if let Some(identifier) = identifiers[*page][*at].take() {
                    group.push(identifier);
                }
            }
        }
    }
    group
}

/// The shop's own stands where a report on a page has ours.
#[derive(Clone, Copy)]
struct Colours([u8; 3]);

impl Colours {
    fn of(self, ink: Ink) -> rgb::Color {
        let [red, green, blue] = if ink == Ink::First { self.0 } else { ink.rgb() };
        rgb::Color::new(red, green, blue)
    }

    fn fill(self, ink: Ink, opacity: f64) -> Fill {
        Fill {
            paint: self.of(ink).into(),
            opacity: NormalizedF32::new(opacity as f32).unwrap_or(NormalizedF32::ONE),
            ..Fill::default()
        }
    }
}

fn put(surface: &mut Surface<'_>, mark: &Mark, face: &Face, colours: Colours) {
    surface.set_stroke(None);
    match mark {
        Mark::Line { points, width, ink, dashed } => {
            surface.set_fill(None);
            surface.set_stroke(Some(Stroke {
                paint: colours.of(*ink).into(),
                width: *width as f32,
                dash: dashed.then(|| StrokeDash { array: vec![4.0, 3.0], offset: 0.0 }),
                ..Stroke::default()
            }));
            path(surface, points, false);
        }
        Mark::Area { points, ink, opacity } => {
            surface.set_fill(Some(colours.fill(*ink, *opacity)));
            path(surface, points, true);
        }
        Mark::Dot { at, radius, ink } => {
            surface.set_fill(Some(colours.fill(*ink, 1.0)));
            circle(surface, *at, *radius);
        }
        Mark::Words { at, text, size, ink, anchor } => {
            surface.set_fill(Some(colours.fill(*ink, 1.0)));
            let text = face.writable(text);
            let back = match anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => face.width(&text, *size) / 2.0,
                Anchor::End => face.width(&text, *size),
            };
            let start = Point::from_xy((at.0 - back) as f32, at.1 as f32);
            surface.draw_glyphs(start, &face.glyphs(&text), face.font.clone(), &text, *size as f32, false);
        }
    }
}

fn put_logo(surface: &mut Surface<'_>, logo: &[u8], place: [f64; 4]) -> Result<(), String> {
    let image = Image::from_jpeg(logo.to_vec().into(), true)?;
    let [left, top, width, height] = place.map(|length| length as f32);
    if let Some(size) = Size::from_wh(width, height) {
        surface.push_transform(&Transform::from_translate(left, top));
        surface.draw_image(image, size);
        surface.pop();
    }
    Ok(())
}

fn path(surface: &mut Surface<'_>, points: &[(f64, f64)], is_closed: bool) {
    let mut path = PathBuilder::new();
    for (at, (x, y)) in points.iter().enumerate() {
        if at == 0 {
            path.move_to(*x as f32, *y as f32);
        } else {
            path.line_to(*x as f32, *y as f32);
        }
    }
    if is_closed {
        path.close();
    }
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
}

/// Of four curves, as near to a circle as print can show.
fn circle(surface: &mut Surface<'_>, (x, y): (f64, f64), radius: f64) {
    let (x, y, r) = (x as f32, y as f32, radius as f32);
    let k = r * 0.552_284_8;
    let mut path = PathBuilder::new();
    path.move_to(x + r, y);
    path.cubic_to(x + r, y + k, x + k, y + r, x, y + r);
    path.cubic_to(x - k, y + r, x - r, y + k, x - r, y);
    path.cubic_to(x - r, y - k, x - k, y - r, x, y - r);
    path.cubic_to(x + k, y - r, x + r, y - k, x + r, y);
    path.close();
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
}
