//! A whole picture: a drawing between what is behind and what is before it.

use rand::Rng;

use crate::{
    backdrop::Backdrop,
    class::classes,
    clutter::{Clutter, ClutteredRow},
    color::Rgb,
    dice::Dice,
    drawing::{Drawing, Spot},
    lens::Lens,
    light::Light,
    palette::Palette,
    pose::{Kind, Pose},
    vec2::{Vec2, vec2},
};

/// Draws a picture of a class: RGB in 0..=1 as a display takes it, `[3, size, size]`, channels
/// first and rows from the top.
///
/// Takes one number from `rng`, whatever the class and the size. The same number gives the same
/// picture on every machine, and the same scene at every size.
///
/// # Panics
///
/// If there is no such class in [`classes`], or `size` is zero.
pub fn draw(class: usize, size: usize, rng: &mut impl Rng) -> Vec<f32> {
    let known = classes().len();
    assert!(class < known, "class {class} of {known}");
    assert!(size > 0, "a picture needs at least one pixel");
    let mut dice = Dice::new(rng.next_u64());
    Scene::throw(&mut dice, class).render(size)
}

/// All of a picture that does not depend on its size.
struct Scene {
    backdrop: Backdrop,
    clutter: Clutter,
    pose: Pose,
    drawing: Drawing,
    /// The drawing has no ink where |x| or |y| is larger.
    extent: f32,
    sheen: Vec2,
    light: Light,
    lens: Lens,
}

impl Scene {
    fn throw(dice: &mut Dice, class: usize) -> Self {
        let class = &classes()[class];
        let palette = Palette::throw(dice);
        let sheen = match class.kind {
            Kind::Texture => 0.0,
            _ => dice.range(0.0, 0.25),
        };
        Self {
            backdrop: Backdrop::throw(dice, &palette, class.kind),
            clutter: Clutter::throw(dice),
            pose: Pose::throw(dice, class.kind),
            extent: class.kind.extent(),
            sheen: Vec2::at_angle(dice.angle()) * sheen,
            light: Light::throw(dice),
            lens: Lens::throw(dice),
            drawing: (class.drawer)(dice, &palette),
        }
    }

    fn render(&self, size: usize) -> Vec<f32> {
        let area = size * size;
        let mut planes = vec![0.0; 3 * area];
        let px = 2.0 / size as f32;
        let middle = |pixel: usize| (pixel as f32 + 0.5) * px - 1.0;
        let bends: Vec<_> = (0..size)
            .map(|x| self.pose.bend(middle(x), false))
            .collect();
        for row in 0..size {
            let y = -middle(row);
            let bend = self.pose.bend(y, true);
            let clutter = self.clutter.row(y, px);
            for column in 0..size {
                let at = Spot {
                    p: vec2(middle(column), y),
                    px,
                };
                let Rgb(rgb) = self.colour(at, vec2(bend, bends[column]), &clutter);
                for (channel, value) in rgb.into_iter().enumerate() {
                    planes[channel * area + row * size + column] = value;
                }
            }
        }
        self.lens.look(&mut planes, size);
        planes
    }

    /// The colour at a spot of the picture that the pose bends by that much.
    #[inline]
    fn colour(&self, at: Spot, bend: Vec2, clutter: &ClutteredRow<'_>) -> Rgb {
        let spot = self.pose.spot(at, bend);
        let ink = if spot.p.x.abs().max(spot.p.y.abs()) < self.extent {
            let mut ink = (self.drawing)(spot);
            ink.shade(1.0 + spot.p.dot(self.sheen));
            ink
        } else {
            spot.ink()
        };
        let before = clutter.before(at);
        let mut rgb = before.rgb;
        if before.alpha < 1.0 {
            let mut behind = self.backdrop.at(at.p);
            if ink.alpha < 1.0 {
                behind = clutter.behind(at).over(behind);
            }
            rgb = before.over(ink.over(behind));
        }
        rgb * self.light.at(at.p)
    }
}
