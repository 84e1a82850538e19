//! The shop's colour, made readable: what is written on it, and how it is written with on light and on dark.

/// What every contrast of text must reach (WCAG 2.2, AA).
const ENOUGH: f64 = 4.5;
const LIGHT: Colour = Colour([255, 255, 255]);
/// The dark cards of e-mails.
const DARK: Colour = Colour([27, 33, 31]);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    /// `#rrggbb`
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
        Some(Self([part(0)?, part(2)?, part(4)?]))
    }

    pub fn text(self) -> String {
        self.0.iter().fold("#".to_owned(), |text, part| format!("{text}{part:02x}"))
    }

    /// Black or white, whichever is read better on it.
    pub fn on(self) -> Self {
        let black = Self([17, 17, 17]);
        if contrast(self, LIGHT) >= contrast(self, black) { LIGHT } else { black }
    }

    /// As dark as it must be to be read on white.
    pub fn on_light(self) -> Self {
        self.towards(Self([0, 0, 0]), LIGHT)
    }

    /// As light as it must be to be read on a dark card.
    pub fn on_dark(self) -> Self {
        self.towards(LIGHT, DARK)
    }

    fn towards(self, end: Self, ground: Self) -> Self {
        let mixed = |step: u32| {
            let part = |at: usize| {
                let (from, to) = (f64::from(self.0[at]), f64::from(end.0[at]));
                (from + (to - from) * f64::from(step) / 20.0).round() as u8
            };
            Self([part(0), part(1), part(2)])
        };
        (0..20).map(mixed).find(|colour| contrast(*colour, ground) >= ENOUGH).unwrap_or(end)
    }

    /// Relative luminance, 0 to 1.
    fn luminance(self) -> f64 {
        let part = |part: u8| {
            let share = f64::from(part) / 255.0;
            if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(self.0[0]) + 0.7152 * part(self.0[1]) + 0.0722 * part(self.0[2])
    }
}

/// Contrast ratio, 1 to 21.
fn contrast(a: Colour, b: Colour) -> f64 {
    let (a, b) = (a.luminance(), b.luminance());
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_six_digits() {
        assert_eq!(Colour::read("#0F6e5c").map(Colour::text).as_deref(), Some("#0f6e5c"));
        for text in ["0f6e5c", "#0f6", "#0f6e5g", "#+f6e5c", "red", "#ééé"] {
            assert_eq!(Colour::read(text), None, "{text}");
        }
    }

    #[test]
    fn any_colour_becomes_readable() {
        for text in ["#ffe600", "#000000", "#ffffff", "#0f6e5c", "#ff0000"] {
            let colour = Colour::read(text).unwrap();
            assert!(contrast(colour.on_light(), LIGHT) >= ENOUGH, "{text} on white");
            assert!(contrast(colour.on_dark(), DARK) >= ENOUGH, "{text} on dark");
            assert!(contrast(colour.on(), colour) >= ENOUGH, "on {text}");
        }
        let black = Colour::read("#000000").unwrap();
        assert!((contrast(black, LIGHT) - 21.0).abs() < 1e-9);
    }
}
