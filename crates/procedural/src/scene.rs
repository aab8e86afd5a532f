//! A complete picture: a drawing between a backdrop and clutter, with light and a camera.

use rand::Rng;

use crate::{
    backdrop::Backdrop,
    camera::Camera,
    class::classes,
    clutter::{Clutter, ClutteredRow},
    color::Rgb,
    drawing::{Drawing, SamplePoint},
    light::Light,
    palette::Palette,
    pose::{Kind, Pose},
    random::Random,
    vec2::{Vec2, vec2},
};

/// Draws a picture of a class: gamma-encoded RGB in 0..=1, of shape `[3, size, size]`, channels
/// first, with rows from the top.
///
/// The function takes one number from `rng` for any class and size. The same number gives the same
/// picture on every machine, and the same scene at every size.
///
/// # Panics
///
/// Panics if `class` is not an index into [`classes`], or if `size` is zero.
pub fn draw(class: usize, size: usize, rng: &mut impl Rng) -> Vec<f32> {
    let known = classes().len();
    assert!(class < known, "class {class} of {known}");
    assert!(size > 0, "a picture needs at least one pixel");
    let mut rng = Random::new(rng.next_u64());
    Scene::random(&mut rng, class).render(size)
}

/// The parts of a picture that do not depend on its size.
struct Scene {
    backdrop: Backdrop,
    clutter: Clutter,
    pose: Pose,
    drawing: Drawing,
    /// The drawing has no ink where |x| or |y| is larger.
    extent: f32,
    sheen: Vec2,
    light: Light,
    camera: Camera,
}

impl Scene {
    fn random(rng: &mut Random, class: usize) -> Self {
        let class = &classes()[class];
        let palette = Palette::random(rng);
        let sheen = match class.kind {
            Kind::Texture => 0.0,
            _ => rng.range(0.0, 0.25),
        };
        Self {
            backdrop: Backdrop::random(rng, &palette, class.kind),
            clutter: Clutter::random(rng),
            pose: Pose::random(rng, class.kind),
            extent: class.kind.extent(),
            sheen: Vec2::at_angle(rng.angle()) * sheen,
            light: Light::random(rng),
            camera: Camera::random(rng),
            drawing: (class.make_drawing)(rng, &palette),
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
                let at = SamplePoint {
                    p: vec2(middle(column), y),
                    px,
                };
                let Rgb(rgb) = self.color(at, vec2(bend, bends[column]), &clutter);
                for (channel, value) in rgb.into_iter().enumerate() {
                    planes[channel * area + row * size + column] = value;
                }
            }
        }
        self.camera.apply(&mut planes, size);
        planes
    }

    /// Returns the color at a sample point of the picture. `bend` is the warp's offset there.
    #[inline]
    fn color(&self, at: SamplePoint, bend: Vec2, clutter: &ClutteredRow<'_>) -> Rgb {
        let sample = self.pose.map(at, bend);
        let ink = if sample.p.x.abs().max(sample.p.y.abs()) < self.extent {
            let mut ink = (self.drawing)(sample);
            ink.shade(1.0 + sample.p.dot(self.sheen));
            ink
        } else {
            sample.ink()
        };
        let front = clutter.front(at);
        let mut rgb = front.rgb;
        if front.alpha < 1.0 {
            let mut back = self.backdrop.at(at.p);
            if ink.alpha < 1.0 {
                back = clutter.back(at).over(back);
            }
            rgb = front.over(ink.over(back));
        }
        rgb * self.light.at(at.p)
    }
}
