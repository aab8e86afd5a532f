//! Draws a sheet with a row of pictures for each class, two classes side by side.
//!
//! `cargo run --release -p oneiric-procedural --example contact_sheet -- sheet.png 8 96 0`
//!
//! The arguments are the path of the file to write, the number of pictures per class, their size in
//! pixels, a seed, and optionally the names of the classes to draw.

use std::{error::Error, time::Instant};

use image::{Rgb, RgbImage};
use oneiric_procedural::{classes, draw};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let path = args
        .next()
        .ok_or("the path of the PNG file to write is missing")?;
    let mut number = |or| args.next().map_or(Ok(or), |text| text.parse::<u32>());
    let (each, size, seed) = (number(8)?, number(96)?, number(0)?);

    let wanted: Vec<_> = args.collect();
    let shown: Vec<_> = (0..classes().len())
        .filter(|&k| wanted.is_empty() || wanted.iter().any(|name| name == classes()[k].name()))
        .collect();

    let rows = shown.len().div_ceil(2) as u32;
    let mut sheet = RgbImage::new(2 * each * (size + 2) + 8, rows * (size + 2));
    let mut rng = ChaCha8Rng::seed_from_u64(u64::from(seed));
    let mut spent = 0.0;
    for (place, &class) in shown.iter().enumerate() {
        let (column, row) = (place as u32 % 2, place as u32 / 2);
        let start = Instant::now();
        let drawn: Vec<_> = (0..each)
            .map(|_| draw(class, size as usize, &mut rng))
            .collect();
        let seconds = start.elapsed().as_secs_f64();
        spent += seconds;
        println!(
            "{class:2} {:15} {:.2} ms",
            classes()[class].name(),
            1e3 * seconds / f64::from(each)
        );
        for (k, planes) in drawn.iter().enumerate() {
            let area = (size * size) as usize;
            let left = column * (each * (size + 2) + 8) + k as u32 * (size + 2);
            for pixel in 0..area {
                let rgb = [0, 1, 2].map(|c| (255.0 * planes[c * area + pixel]).round() as u8);
                let (x, y) = (pixel as u32 % size, pixel as u32 / size);
                sheet.put_pixel(left + x, row * (size + 2) + y, Rgb(rgb));
            }
        }
    }
    println!(
        "{:.2} ms per picture",
        1e3 * spent / f64::from(each * shown.len() as u32)
    );
    sheet.save(path)?;
    Ok(())
}
