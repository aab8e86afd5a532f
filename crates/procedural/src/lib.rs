//! Labeled pictures drawn from a seed, as training data for small networks.
//!
//! Each class is a texture (bricks, marble, fur), an emblem that has no upright orientation (a
//! wheel, a flower, a spiral), or an object that has one (an eye, a cat, a house). The code of this
//! crate draws all classes from signed distances and noise. Colors, pose, proportions, light,
//! clutter, occlusion, blur and noise are random in each picture.
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
//! # Reproducibility
//!
//! [`draw`] takes a single number from the given generator, so a picture depends only on that
//! number, the class and the size. The crate uses only operations that IEEE 754 defines to the last
//! bit (the sine and the arctangent are polynomials in this crate), so every machine draws the same
//! picture.
//!
//! # Structure
//!
//! A class is a function that chooses random proportions once and returns a *drawing*, a function
//! from a point to the ink at that point (`drawing`, with the primitives in `shape`, `lattice` and
//! `noise`). The table of classes is in `class`. A `scene` puts a drawing in a random `pose`
//! between a `backdrop` and `clutter`, lights it with a `light`, and applies a `camera`.

#![forbid(unsafe_code)]

mod backdrop;
mod camera;
mod class;
mod clutter;
mod color;
mod drawing;
mod emblems;
mod lattice;
mod light;
mod math;
mod noise;
mod objects;
mod palette;
mod pose;
mod random;
mod scene;
mod shape;
mod textures;
mod vec2;

pub use class::{Class, classes, labels};
pub use scene::draw;
