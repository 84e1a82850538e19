//! A picture drawn anew: whatever was fetched, what is kept is a JPEG of at most 640 × 640 points and nothing else.

use crate::outside::http::FetchError;
use crate::recommender::picture;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use std::io::Cursor;

/// The longer side, in points: an e-mail is 600 wide, and screens show two points for one.
const SIDE: u32 = 640;
const QUALITY: u8 = 82;
/// The most a picture may unfold to, so that a small file cannot fill the memory.
const MOST_POINTS: u32 = 12_000;
const MOST_BYTES: u64 = 256 << 20;

#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("it is no picture that can be read (JPEG, PNG, WebP and GIF can)")]
    Format,
    #[error("it is damaged, or far too large ({0})")]
    Unreadable(String),
    #[error("the copy cannot be kept ({0})")]
    Disk(#[from] std::io::Error),
}

/// The copy of what was fetched.
pub fn redrawn(bytes: &[u8]) -> Result<Vec<u8>, PictureError> {
    let unreadable = |error: image::ImageError| PictureError::Unreadable(error.to_string());
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    if reader.format().is_none() {
        return Err(PictureError::Format);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_POINTS);
    limits.max_image_height = Some(MOST_POINTS);
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    // Cameras turn pictures by a mark in the file, which the copy does not have.
    let orientation = decoder.orientation().map_err(unreadable)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    picture.apply_orientation(orientation);
    if picture.width() > SIDE || picture.height() > SIDE {
        picture = picture.thumbnail(SIDE, SIDE);
    }
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .encode_image(&on_white(&picture))
        .map_err(unreadable)?;
    Ok(jpeg)
}

/// What a copy looks like; `None` for one that cannot be read any more.
pub fn looked_at(jpeg: &[u8]) -> Option<Vec<f32>> {
    let picture = image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg).ok()?.into_rgb8();
    picture::describe(picture.width() as usize, picture.height() as usize, picture.as_raw()).ok()
}

/// What stands where a picture is missing: a frame with a hill and a sun in it, in quiet colours.
pub fn placeholder() -> Vec<u8> {
    const WIDTH: u32 = 320;
    let [ground, ink] = [[238, 241, 238], [203, 211, 205]].map(image::Rgb);
    let is_ink = |x: u32, y: u32| {
        let (x, y) = (f64::from(x) - 160.0, f64::from(y) - 160.0);
        let is_frame = (x.abs().max(y.abs()) - 90.0).abs() < 3.0;
        let is_sun = (x + 38.0).hypot(y + 34.0) < 16.0;
        let is_hill = (70.0 - y > 0.0 && y > 1.3 * (x - 22.0).abs() - 30.0) && x.abs() < 84.0;
        is_frame || is_sun || is_hill
    };
    let picture = RgbImage::from_fn(WIDTH, WIDTH, |x, y| if is_ink(x, y) { ink } else { ground });
    let mut jpeg = Vec::new();
    let drawn = JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&picture);
    drawn.map(|()| jpeg).unwrap_or_default()
}

/// JPEG knows no transparency; shops' pictures stand on white.
fn on_white(picture: &DynamicImage) -> RgbImage {
    let rgba = picture.to_rgba8();
    let over = |colour: u8, alpha: u8| {
        let (colour, alpha) = (u32::from(colour), u32::from(alpha));
        ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [r, g, b, a] = rgba.get_pixel(x, y).0;
        image::Rgb([over(r, a), over(g, a), over(b, a)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgba, RgbaImage};

    fn png(width: u32, height: u32, colour: [u8; 4]) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        RgbaImage::from_pixel(width, height, Rgba(colour)).write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    fn read(jpeg: &[u8]) -> RgbImage {
        image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg).unwrap().to_rgb8()
    }

    #[test]
    fn large_ones_shrink_and_keep_their_shape() {
        let copy = read(&redrawn(&png(1_600, 800, [200, 10, 10, 255])).unwrap());
        assert_eq!(copy.dimensions(), (640, 320));
        assert!(copy.get_pixel(300, 100).0[0] > 190);
        assert_eq!(read(&redrawn(&png(30, 50, [0, 0, 0, 255])).unwrap()).dimensions(), (30, 50));
    }

    #[test]
    fn what_is_seen_through_is_white() {
        let copy = read(&redrawn(&png(20, 20, [0, 0, 0, 0])).unwrap());
        assert!(copy.pixels().all(|point| point.0.iter().all(|colour| *colour > 250)));
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
        assert!(matches!(redrawn(svg), Err(PictureError::Format)));
        assert!(matches!(redrawn(b""), Err(PictureError::Format)));
        let whole = png(400, 400, [9, 9, 9, 255]);
        assert!(matches!(redrawn(&whole[..whole.len() / 2]), Err(PictureError::Unreadable(_))));
        // A file of a few bytes that claims 60,000 × 60,000 points.
        let mut bomb = png(1, 1, [0; 4]);
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        assert!(matches!(redrawn(&bomb), Err(PictureError::Unreadable(_))));
    }
}
