//! Maps of signed numbers, and pictures of them.

use oneiric_core::Picture;
use oneiric_support::SettingError;

use crate::{InspectError, settings::check_side};

/// Colors of the largest positive and the largest negative value: the ends of ColorBrewer's RdBu
/// (b2182b, 2166ac). Red excites and blue inhibits, as in the Circuits thread.
const POSITIVE: [f32; 3] = [178.0 / 255.0, 24.0 / 255.0, 43.0 / 255.0];
const NEGATIVE: [f32; 3] = [33.0 / 255.0, 102.0 / 255.0, 172.0 / 255.0];

/// Opacity of the full color over a photograph.
const OPACITY: f32 = 0.8;

/// Weights of red, green and blue in the luma of a color (Rec. 709).
const LUMA: [f32; 3] = [0.2126, 0.7152, 0.0722];

/// A map of signed numbers: `height` rows of `width` values, row-major.
///
/// In pictures positive values are red, negative values blue, and 0 is white, or the photograph
/// itself.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl HeatMap {
    /// Creates a map from its values: rows from the top, positions from the left.
    ///
    /// # Errors
    ///
    /// Returns [`InspectError`] if a side is 0, there are not `width * height` values, or one is
    /// not finite.
    pub fn new(width: usize, height: usize, values: Vec<f32>) -> Result<Self, InspectError> {
        if width == 0 || height == 0 {
            return Err(InspectError::Empty {
                what: "a map without positions",
            });
        }
        let expected = width.saturating_mul(height);
        if values.len() != expected {
            return Err(InspectError::Length {
                what: "a map",
                expected,
                found: values.len(),
            });
        }
        if !values.iter().all(|value| value.is_finite()) {
            return Err(InspectError::NotFinite {
                what: "a value of a map".to_owned(),
            });
        }
        Ok(Self {
            width,
            height,
            values,
        })
    }

    /// Creates a map from parts that are known to fit. Values beyond the range of finite f32 are
    /// clamped to it.
    pub(crate) fn of(width: usize, height: usize, mut values: Vec<f32>) -> Self {
        assert_eq!(values.len(), width * height, "values of a map");
        for value in &mut values {
            *value = value.clamp(f32::MIN, f32::MAX);
        }
        Self {
            width,
            height,
            values,
        }
    }

    /// Number of columns.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Number of rows.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.height
    }

    /// All values, row-major.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The value in column `x` and row `y`, or `None` if the position lies outside.
    #[must_use]
    pub fn at(&self, x: usize, y: usize) -> Option<f32> {
        let inside = x < self.width && y < self.height;
        inside.then(|| self.values[y * self.width + x])
    }

    /// The largest absolute value.
    #[must_use]
    pub fn largest(&self) -> f32 {
        self.values.iter().fold(0.0, |most, v| most.max(v.abs()))
    }

    /// Draws the map on white, each value as a square of `cell` pixels. The largest absolute value
    /// has the full color.
    ///
    /// # Errors
    ///
    /// Returns [`InspectError`] if `cell` is 0.
    pub fn picture(&self, cell: usize) -> Result<Picture, InspectError> {
        self.picture_of_scale(cell, self.largest())
    }

    /// Draws the map like [`picture`](Self::picture), with the full color at an absolute value of
    /// `full`, so that several maps can be compared.
    ///
    /// # Errors
    ///
    /// Returns [`InspectError`] if `cell` is 0, or `full` is negative or not finite.
    pub fn picture_of_scale(&self, cell: usize, full: f32) -> Result<Picture, InspectError> {
        check_side("the side of a cell", cell)?;
        let longest = self.width.max(self.height).saturating_mul(cell);
        check_side("the side of the map's picture", longest)?;
        let (setting, good) = (
            "the magnitude of full color",
            full.is_finite() && full >= 0.0,
        );
        SettingError::require(setting, full, good, "finite and at least 0")?;
        let (width, height) = (self.width * cell, self.height * cell);
        let mut values = Vec::with_capacity(width * height * 3);
        for y in 0..height {
            for x in 0..width {
                let value = self.values[y / cell * self.width + x / cell];
                let (color, share) = color_of(value, full);
                values.extend(mix([1.0; 3], color, share));
            }
        }
        Ok(Picture::new(width, height, values)?)
    }

    /// Draws the map over a photograph in gray. The map is resized to the photograph with bilinear
    /// interpolation.
    ///
    /// # Errors
    ///
    /// Returns [`InspectError::Picture`] if the picture cannot be made; a valid photograph causes
    /// no error.
    pub fn over(&self, photograph: &Picture) -> Result<Picture, InspectError> {
        let (width, height) = (photograph.width(), photograph.height());
        let channels = photograph.values().len() / (width * height);
        let full = self.largest();
        let mut values = Vec::with_capacity(width * height * 3);
        for (at, pixel) in photograph.values().chunks(channels).enumerate() {
            let (x, y) = (at % width, at / width);
            let value = self.between(
                (x as f32 + 0.5) / width as f32,
                (y as f32 + 0.5) / height as f32,
            );
            let (color, share) = color_of(value, full);
            values.extend(mix([gray(pixel); 3], color, share * OPACITY));
        }
        Ok(Picture::new(width, height, values)?)
    }

    /// Interpolates bilinearly at shares of the width and the height in 0..=1. Positions stand for
    /// the centers of cells; beyond the outermost centers the map is constant.
    fn between(&self, x: f32, y: f32) -> f32 {
        let (left, right, along) = neighbors(x, self.width);
        let (top, bottom, down) = neighbors(y, self.height);
        let row = |y: usize| {
            let value = |x: usize| self.values[y * self.width + x];
            value(left) * (1.0 - along) + value(right) * along
        };
        row(top) * (1.0 - down) + row(bottom) * down
    }
}

/// Returns the positions on either side of a share of `n` positions, and the weight of the second.
fn neighbors(share: f32, n: usize) -> (usize, usize, f32) {
    let at = (share * n as f32 - 0.5).clamp(0.0, (n - 1) as f32);
    let first = at.floor();
    let index = first as usize;
    (index, (index + 1).min(n - 1), at - first)
}

/// Returns the color of a value and its opacity, relative to `full`.
fn color_of(value: f32, full: f32) -> ([f32; 3], f32) {
    let share = if full > 0.0 {
        (value.abs() / full).min(1.0)
    } else {
        0.0
    };
    (if value < 0.0 { NEGATIVE } else { POSITIVE }, share)
}

fn mix(below: [f32; 3], above: [f32; 3], share: f32) -> [f32; 3] {
    [0, 1, 2].map(|c| (below[c] * (1.0 - share) + above[c] * share).clamp(0.0, 1.0))
}

/// Luma of a pixel with three or four channels; otherwise the mean of its channels.
fn gray(pixel: &[f32]) -> f32 {
    match *pixel {
        [red, green, blue] | [red, green, blue, _] => {
            LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
        }
        _ => pixel.iter().sum::<f32>() / pixel.len() as f32,
    }
}

#[cfg(test)]
mod tests {
    use oneiric_core::Picture;

    use super::{HeatMap, NEGATIVE, OPACITY, POSITIVE};
    use crate::InspectError;

    fn pixel(picture: &Picture, x: usize, y: usize) -> [f32; 3] {
        let at = (y * picture.width() + x) * 3;
        [0, 1, 2].map(|c| picture.values()[at + c])
    }

    #[test]
    fn positive_is_red_negative_blue_and_nothing_white() {
        let map = HeatMap::new(3, 1, vec![2.0, -1.0, 0.0]).expect("finite");
        let picture = map.picture(2).expect("a size");
        assert_eq!((picture.width(), picture.height()), (6, 2));
        assert_eq!(pixel(&picture, 1, 1), POSITIVE);
        let half = NEGATIVE.map(|c| 0.5 + 0.5 * c);
        assert_eq!(pixel(&picture, 2, 0), half);
        assert_eq!(pixel(&picture, 5, 1), [1.0; 3]);
        let scaled = map.picture_of_scale(1, 1.0).expect("a scale");
        assert_eq!(pixel(&scaled, 1, 0), NEGATIVE);
        assert_eq!(pixel(&scaled, 0, 0), POSITIVE, "cut off at full color");
    }

    #[test]
    fn over_a_photograph_the_middle_of_a_position_is_its_value() {
        let map = HeatMap::new(2, 1, vec![0.0, 1.0]).expect("finite");
        let photograph = Picture::new(6, 3, vec![0.25; 54]).expect("values in 0..1");
        let picture = map.over(&photograph).expect("a picture");
        // The centers of the two positions lie at columns 1 and 4; the map is constant left of the
        // first.
        for x in [0, 1] {
            assert_eq!(pixel(&picture, x, 1), [0.25; 3]);
        }
        let mixed = |share: f32| POSITIVE.map(|c| 0.25 * (1.0 - share) + c * share);
        for (x, share) in [(2, 1.0 / 3.0), (3, 2.0 / 3.0), (4, 1.0), (5, 1.0)] {
            let expected = mixed(share * OPACITY);
            for (found, expected) in pixel(&picture, x, 2).into_iter().zip(expected) {
                assert!((found - expected).abs() < 1e-6, "{x}: {found} {expected}");
            }
        }
    }

    #[test]
    fn a_map_of_nothing_is_white_and_a_broken_one_refused() {
        let nothing = HeatMap::new(2, 2, vec![0.0; 4]).expect("finite");
        let picture = nothing.picture(1).expect("a size");
        assert!(picture.values().iter().all(|v| *v == 1.0));
        assert!(matches!(
            HeatMap::new(1, 1, vec![f32::NAN]),
            Err(InspectError::NotFinite { .. })
        ));
        assert!(matches!(
            HeatMap::new(2, 1, vec![0.0]),
            Err(InspectError::Length {
                expected: 2,
                found: 1,
                ..
            })
        ));
        assert!(HeatMap::new(0, 1, vec![]).is_err());
        assert!(nothing.picture(0).is_err());
        assert!(nothing.picture_of_scale(1, f32::NAN).is_err());
    }
}
