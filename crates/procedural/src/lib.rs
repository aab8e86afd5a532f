//! Labelled pictures drawn from a seed, to train small networks on.
//!
//! Each class is a texture (bricks, marble, fur), an emblem that may stand at any angle (a wheel, a
//! flower, a spiral) or an object with an up (an eye, a cat, a house). Everything is drawn by the
//! code of this crate from signed distances and noise, and no two pictures of a class are alike:
//! colours, pose, proportions, light, clutter, occlusion, blur and noise are thrown anew for each.
//!
//! ```
//! use oneiric_procedural::{classes, draw};
//! use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
//!
//! let eye = classes().iter().position(|class| class.name() == "eye").expect("a class");
//! let rgb = draw(eye, 96, &mut ChaCha8Rng::seed_from_u64(7));
//! assert_eq!(rgb.len(), 3 * 96 * 96);
//! assert!(rgb.iter().all(|value| (0.0..=1.0).contains(value)));
//! ```
//!
//! # The same picture everywhere
//!
//! [`draw`] takes a single number from the generator it is given, so a picture depends on that
//! number, its class and its size alone. Only operations that IEEE 754 defines to the last bit are
//! used (the sine and the arctangent are polynomials of our own), so every machine draws the same.
//!
//! # A map
//!
//! A class is a function that throws its proportions once and returns a *drawing*: what ink lies at
//! a point (`drawing`, with `shape`, `lattice` and `noise` to draw with). The table of them is
//! `class`. A `scene` puts a drawing, seen in a random `pose`, between a `backdrop` and `clutter`
//! under a `light`, and looks at it through a `lens`.

mod backdrop;
mod class;
mod clutter;
mod color;
mod dice;
mod drawing;
mod emblems;
mod lattice;
mod lens;
mod light;
mod math;
mod noise;
mod objects;
mod palette;
mod pose;
mod scene;
mod shape;
mod textures;
mod vec2;

pub use class::{Class, classes, labels};
pub use scene::draw;
