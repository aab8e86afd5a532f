//! What a unit is made of: the weights between it and the channels of an earlier layer, as if
//! nothing but convolutions lay between them.

mod common;

use common::{Args, Report};
use oneiric::{
    Picture, default_device,
    inspect::{expanded_weights, kernel_sheet},
};

/// How many channels are shown.
const SHOWN: usize = 16;

/// Pixels of one weight.
const CELL: usize = 12;

fn main() -> Result<(), Report> {
    let mut args = Args::new(
        "expanded_weights [LAYER:CHANNEL=mixed4b_3x3:1] [FROM=mixed4a] [PICTURE=weights.png]",
    );
    let (to, channel) = common::unit(&args.or("the unit", "mixed4b_3x3:1".to_owned())?)?;
    let from = args.or("FROM", "mixed4a".to_owned())?;
    let picture = args.or("PICTURE", "weights.png".to_owned())?;
    args.end()?;

    Picture::check_writable(&picture)?;
    let net = args.network(&default_device()?)?;
    let weights = expanded_weights(&net, &from, &to, channel)?;
    let (width, height) = (weights.width(), weights.height());
    println!("{to}:{channel} reads {from} through kernels of {width}x{height}; the largest:");
    let strongest = weights.strongest();
    let shown = &strongest[..SHOWN.min(strongest.len())];
    for &source in shown {
        let kernel = weights.kernel(source).unwrap_or_default();
        println!(
            "  {from}:{source:<4} sum {:8.4}",
            kernel.iter().sum::<f32>()
        );
    }
    kernel_sheet(&weights, shown, CELL)?.save(&picture)?;
    println!("{picture}: red excites, blue inhibits");
    Ok(())
}
