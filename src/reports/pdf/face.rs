//! The two faces that a PDF is set in: how wide words are, and which glyphs write them.
//!
//! Letters are set one after the other, without kerning or ligatures; text runs from left to right.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider};

static REGULAR: &[u8] = include_bytes!("fonts/DejaVuSansCondensed.ttf");
static BOLD: &[u8] = include_bytes!("fonts/DejaVuSansCondensed-Bold.ttf");

pub struct Face {
    pub font: Font,
    charmap: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
    per_em: f64,
}

pub struct Faces {
    regular: Face,
    bold: Face,
}

impl Faces {
    /// `None` when the embedded files are none that can be read.
    pub fn new() -> Option<Self> {
        Some(Self { regular: Face::new(REGULAR)?, bold: Face::new(BOLD)? })
    }

    pub fn of(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    Regular,
    Bold,
}

impl Face {
    fn new(bytes: &'static [u8]) -> Option<Self> {
        let font = Font::new(bytes.into(), 0)?;
        let parsed = FontRef::new(bytes).ok()?;
        Some(Self {
            per_em: f64::from(font.units_per_em()),
            font,
            charmap: parsed.charmap(),
            metrics: parsed.glyph_metrics(Size::unscaled(), LocationRef::default()),
        })
    }

    /// What cannot be written becomes a question mark: a box without a name could not be read out.
    pub fn writable(&self, text: &str) -> String {
        let letter = |letter: char| match letter {
            '\u{202f}' => '\u{a0}',
            letter if letter.is_control() => ' ',
            letter if self.charmap.map(letter).is_none() => '?',
            letter => letter,
        };
        text.chars().map(letter).collect()
    }

    fn advance(&self, letter: char) -> f64 {
        let glyph = self.charmap.map(letter).unwrap_or_default();
        f64::from(self.metrics.advance_width(glyph).unwrap_or_default()) / self.per_em
    }

    /// In points, of what [`Face::writable`] answered.
    pub fn width(&self, text: &str, size: f64) -> f64 {
        self.writable(text).chars().map(|letter| self.advance(letter)).sum::<f64>() * size
    }

    pub fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        let glyph = |(at, letter): (usize, char)| {
            let number = self.charmap.map(letter).unwrap_or_default().to_u32();
            let range = at..at + letter.len_utf8();
            KrillaGlyph::new(GlyphId::new(number), self.advance(letter) as f32, 0.0, 0.0, 0.0, range, None)
        };
        text.char_indices().map(glyph).collect()
    }

    /// In lines of at most `width`; a word that is longer is cut.
    pub fn wrap(&self, text: &str, size: f64, width: f64) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in self.writable(text).split(' ').flat_map(|word| self.cut(word, size, width)) {
            let longer = if line.is_empty() { word.clone() } else { format!("{line} {word}") };
            if line.is_empty() || self.width(&longer, size) <= width {
                line = longer;
            } else {
                lines.push(std::mem::replace(&mut line, word));
            }
        }
        lines.push(line);
        lines
    }

    fn cut(&self, word: &str, size: f64, width: f64) -> Vec<String> {
        let mut parts = vec![String::new()];
        let mut used = 0.0;
        for letter in word.chars() {
            let advance = self.advance(letter) * size;
            if used + advance > width && used > 0.0 {
                parts.push(String::new());
                used = 0.0;
            }
            used += advance;
            if let Some(last) = parts.last_mut() {
                last.push(letter);
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_wide_as_allowed_and_lose_nothing() {
        let faces = Faces::new().unwrap();
        let face = faces.of(Weight::Regular);
        let text = "The campaign earned about 9 300 EUR more than no mail would have; Donaudampfschifffahrtsgesellschaft.";
        let lines = face.wrap(text, 9.0, 90.0);
        assert!(lines.len() > 4 && lines.iter().all(|line| face.width(line, 9.0) <= 90.0), "{lines:?}");
        let letters = |text: &str| text.replace(' ', "");
        assert_eq!(letters(&lines.concat()), letters(text));
    }

    #[test]
    fn amounts_are_as_wide_as_they_are_written() {
        let faces = Faces::new().unwrap();
        let face = faces.of(Weight::Bold);
        let amount = "101\u{202f}788.90\u{a0}EUR";
        assert_eq!(face.width(amount, 9.0), face.width(&face.writable(amount), 9.0));
        assert_eq!(face.wrap(amount, 9.0, face.width(amount, 9.0) + 0.1).len(), 1);
    }

    #[test]
    fn what_has_no_glyph_is_a_question_mark() {
        let faces = Faces::new().unwrap();
        let face = faces.of(Weight::Bold);
        assert_eq!(
            face.writable("Größe – 1\u{202f}000\u{a0}€ Ελλάδα 漢\n🧀"),
            "Größe – 1\u{a0}000\u{a0}€ Ελλάδα ? ?"
        );
    }
}
