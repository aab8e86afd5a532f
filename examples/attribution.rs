//! Why the network says what it says: which channels of a layer are active in a photograph, and
//! which channels and places of it speak for a class.

mod common;

use common::{Args, Report};
use oneiric::{Objectives, Picture, default_device, inspect::attribution};

/// How many channels are told.
const TOLD: usize = 5;

/// Longer side of the picture.
const SIDE: usize = 256;

fn main() -> Result<(), Report> {
    let mut args = Args::new(
        "attribution [PHOTOGRAPH or CLASS=cat] [CLASS=cat] [LAYER=mixed3b] \
         [PICTURE=attribution.png]",
    );
    let photograph = args.or("PHOTOGRAPH", "cat".to_owned())?;
    let class = args.or("CLASS", "cat".to_owned())?;
    let layer = args.or("LAYER", "mixed3b".to_owned())?;
    let picture = args.or("PICTURE", "attribution.png".to_owned())?;
    args.end()?;

    Picture::check_writable(&picture)?;
    let net = args.network(&default_device()?)?;
    // Asked about at the size that the network was trained on.
    let seen = common::photograph(&photograph, net.config().side)?;
    let photograph = common::photograph(&photograph, SIDE)?;
    for guess in net.classify(&seen)?.iter().take(3) {
        let label = guess.label.as_deref().unwrap_or("?");
        println!("{:5.1} % {label}", guess.probability * 100.0);
    }
    let objective = net.class_logit(common::class(&class))?;
    let why = attribution(&net, &seen, &layer, &objective)?;
    println!("the score of {class} is {:.2}", why.value());
    println!("most active in {layer}:");
    for (channel, mean) in why.activations().top_channels(TOLD) {
        println!("  {layer}:{channel:<4} {mean:8.3} in the mean");
    }
    println!("speaking most for {class}:");
    for (channel, share) in why.top_channels(TOLD) {
        println!("  {layer}:{channel:<4} {share:8.3} of the score");
    }
    let places = why.by_position().over(&photograph)?;
    Picture::grid(&[photograph, places], 2)?.save(&picture)?;
    println!("{picture}: red speaks for {class}, blue against it");
    Ok(())
}
