//! What a picture looks like, as numbers that can be compared by a dot product. It reads no files: it is given pixels.
//!
//! Colours as soft counts in CIE L*a*b* (Swain, Ballard, “Color indexing”, IJCV 1991, in a space where distances are
//! what eyes see); shapes as directions of edges on a small grid (Dalal, Triggs, “Histograms of oriented gradients for
//! human detection”, CVPR 2005). Both are rooted before they are compared, so that a white background does not drown
//! the product (Arandjelović, Zisserman, “Three things everyone should know to improve object retrieval”, CVPR 2012).

/// Steps of lightness, green to red, blue to yellow.
const LIGHTNESS: usize = 4;
const OPPONENT: usize = 5;
const COLOURS: usize = LIGHTNESS * OPPONENT * OPPONENT;

/// a* and b* beyond this count as this: the red of screens has 80, 67.
const MOST_OPPONENT: f32 = 80.0;

/// Fields of the grid in each direction, and directions of edges in each field.
const GRID: usize = 4;
const DIRECTIONS: usize = 6;

/// Pictures are first brought to this many points in each direction: what is smaller is noise, and the size of the file
/// does not matter.
const SIDE: usize = 64;

/// Numbers that describe a picture.
pub const LENGTH: usize = COLOURS + GRID * GRID * DIRECTIONS;

/// Closed: what cannot be a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    #[error("a picture of {width} × {height} points has no content")]
    Empty { width: usize, height: usize },
    #[error("found {found} bytes, expected {expected}: three for each point")]
    Bytes { found: usize, expected: usize },
}

/// *Shapes*: `rgb` has three bytes (sRGB) for each point, row by row from the top. *Units*: the result has length 1, so that
/// the dot product of two is from 0 (nothing alike) to 1; colours and edges have half each, and a picture without
/// edges is colours alone. *Cost*: one pass over the pixels. *Errors*: [`PictureError`].
pub fn describe(width: usize, height: usize, rgb: &[u8]) -> Result<Vec<f32>, PictureError> {
    if width == 0 || height == 0 {
        return Err(PictureError::Empty { width, height });
    }
    let expected = width.saturating_mul(height).saturating_mul(3);
    if rgb.len() != expected {
        return Err(PictureError::Bytes { found: rgb.len(), expected });
    }
    let points = reduced(width, height, rgb);
    let lab: Vec<[f32; 3]> = points.iter().map(|&point| to_lab(point)).collect();
    let mut descriptor = colours(&lab);
    descriptor.extend(edges(&lab));
    let (colours, edges) = descriptor.split_at_mut(COLOURS);
    rooted(colours);
    rooted(edges);
    let length = descriptor.iter().map(|value| value * value).sum::<f32>().sqrt();
    for value in &mut descriptor {
        *value /= length;
    }
    Ok(descriptor)
}

/// Shares of the sum, rooted: a vector of length 1, or zeros when the sum is 0.
fn rooted(counts: &mut [f32]) {
    let sum: f32 = counts.iter().sum();
    if sum > 0.0 {
        for count in counts {
            *count = (*count / sum).sqrt();
        }
    }
}

/// SIDE × SIDE means of the areas they stand for; light is averaged, not its sRGB code.
fn reduced(width: usize, height: usize, rgb: &[u8]) -> Vec<[f32; 3]> {
    let light: Vec<f32> = (0..=255).map(|code| linear(code as f32 / 255.0)).collect();
    let span = |at: usize, size: usize| {
        let from = at * size / SIDE;
        from..((at + 1) * size / SIDE).max(from + 1)
    };
    let mut points = Vec::with_capacity(SIDE * SIDE);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let mut sum = [0f32; 3];
            let columns = span(x, width);
            let rows = span(y, height);
            let area = (columns.len() * rows.len()) as f32;
            for row in rows {
                for pixel in
                    rgb[(row * width + columns.start) * 3..(row * width + columns.end) * 3].chunks_exact(3)
                {
                    for (sum, &code) in sum.iter_mut().zip(pixel) {
                        *sum += light[code as usize];
                    }
                }
            }
            points.push(sum.map(|sum| sum / area));
        }
    }
    points
}

/// IEC 61966-2-1, the curve of sRGB.
fn linear(code: f32) -> f32 {
    if code <= 0.04045 { code / 12.92 } else { ((code + 0.055) / 1.055).powf(2.4) }
}

/// Linear sRGB to CIE 1976 L*a*b*, white point D65. L* from 0 to 100.
fn to_lab([red, green, blue]: [f32; 3]) -> [f32; 3] {
    let x = (0.412_456_4 * red + 0.357_576_1 * green + 0.180_437_5 * blue) / 0.950_47;
    let y = 0.212_672_9 * red + 0.715_152_2 * green + 0.072_175 * blue;
    let z = (0.019_333_9 * red + 0.119_192 * green + 0.950_304_1 * blue) / 1.088_83;
    let [x, y, z] =
        [x, y, z].map(|t| if t > 216.0 / 24389.0 { t.cbrt() } else { (24389.0 / 27.0 * t + 16.0) / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// The two steps around `place` (from 0 to 1) and how near it is to each.
fn between(place: f32, steps: usize) -> [(usize, f32); 2] {
    let at = place.clamp(0.0, 1.0) * (steps - 1) as f32;
    let below = (at as usize).min(steps - 2);
    let above = at - below as f32;
    [(below, 1.0 - above), (below + 1, above)]
}

fn colours(lab: &[[f32; 3]]) -> Vec<f32> {
    let mut counts = vec![0f32; COLOURS];
    let opponent = |value: f32| between((value / MOST_OPPONENT + 1.0) / 2.0, OPPONENT);
    for &[lightness, a, b] in lab {
        for (l, l_share) in between(lightness / 100.0, LIGHTNESS) {
            for (a, a_share) in opponent(a) {
                for (b, b_share) in opponent(b) {
                    counts[(l * OPPONENT + a) * OPPONENT + b] += l_share * a_share * b_share;
                }
            }
        }
    }
    counts
}

/// Changes of L* below this are noise of the file's compression.
const FAINT: f32 = 2.0;

fn edges(lab: &[[f32; 3]]) -> Vec<f32> {
    let mut counts = vec![0f32; GRID * GRID * DIRECTIONS];
    let lightness = |x: usize, y: usize| lab[y * SIDE + x][0];
    for y in 1..SIDE - 1 {
        for x in 1..SIDE - 1 {
            let across = lightness(x + 1, y) - lightness(x - 1, y);
            let down = lightness(x, y + 1) - lightness(x, y - 1);
            let strength = across.hypot(down);
            if strength < FAINT {
                continue;
            }
            // From dark to light or from light to dark is one direction.
            let angle = down.atan2(across).rem_euclid(std::f32::consts::PI) / std::f32::consts::PI;
            let place = angle * DIRECTIONS as f32;
            let (first, share) = (place as usize, place.fract());
            let field = (y * GRID / SIDE * GRID + x * GRID / SIDE) * DIRECTIONS;
            counts[field + first % DIRECTIONS] += strength * (1.0 - share);
            counts[field + (first + 1) % DIRECTIONS] += strength * share;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disc on white, as shops take pictures of their products.
    fn disc(size: usize, colour: [u8; 3]) -> Vec<u8> {
        let inside = |x: usize, y: usize| {
            let from_middle = |at: usize| (at as f32 + 0.5) / size as f32 - 0.5;
            from_middle(x).hypot(from_middle(y)) < 0.35
        };
        let point = |at: usize| if inside(at % size, at / size) { colour } else { [255; 3] };
        (0..size * size).flat_map(point).collect()
    }

    fn alike(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn size_and_light_change_little_and_colour_and_shape_much() {
        let of = |size, colour| describe(size, size, &disc(size, colour)).unwrap();
        let red = of(120, [180, 30, 40]);
        let (larger, brighter, blue) =
            (of(331, [180, 30, 40]), of(120, [210, 45, 55]), of(120, [30, 40, 180]));
        assert_eq!(red.len(), LENGTH);
        assert!((alike(&red, &red) - 1.0).abs() < 1e-5);
        assert!(alike(&red, &larger) > 0.97, "{}", alike(&red, &larger));
        assert!(alike(&red, &brighter) > 0.93, "{}", alike(&red, &brighter));
        assert!(alike(&red, &blue) < 0.9 && alike(&red, &blue) < alike(&red, &brighter) - 0.05);
        let stripes: Vec<u8> = (0..120 * 120)
            .flat_map(|at| if at / 120 / 15 % 2 == 0 { [180, 30, 40] } else { [255; 3] })
            .collect();
        let stripes = describe(120, 120, &stripes).unwrap();
        assert!(alike(&red, &stripes) < 0.9, "{}", alike(&red, &stripes));
    }

    /// Published: sRGB red is L* 53.24, a* 80.09, b* 67.20; white is 100, 0, 0.
    #[test]
    fn colours_are_converted_as_published() {
        let near = |found: [f32; 3], expected: [f32; 3]| {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.05), "{found:?}");
        };
        near(to_lab([1.0, 0.0, 0.0]), [53.24, 80.09, 67.20]);
        near(to_lab([1.0; 3]), [100.0, 0.0, 0.0]);
        near(to_lab([0.0; 3]), [0.0; 3]);
    }

    #[test]
    fn what_is_no_picture_is_refused_and_a_single_point_is_one() {
        assert_eq!(describe(0, 5, &[]), Err(PictureError::Empty { width: 0, height: 5 }));
        assert_eq!(describe(2, 1, &[0; 5]), Err(PictureError::Bytes { found: 5, expected: 6 }));
        let point = describe(1, 1, &[9, 9, 9]).unwrap();
        assert!(
            (alike(&point, &point) - 1.0).abs() < 1e-5 && point[COLOURS..].iter().all(|&edge| edge == 0.0)
        );
    }
}
