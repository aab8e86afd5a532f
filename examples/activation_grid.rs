//! What a layer sees in a photograph, place by place: each cell is the picture of the direction in
//! which the activations of its position point.

mod common;

use common::{Args, Report, bar};
use oneiric::{
    Picture, default_device,
    inspect::{ActivationGrid, DirectionPictures, activations},
};

fn main() -> Result<(), Report> {
    let mut args = Args::new(
        "activation_grid [PHOTOGRAPH or CLASS=cat] [LAYER=mixed4b] [PICTURE=grid.png] [CELL=48] \
         [STEPS=64]",
    );
    let photograph = args.or("PHOTOGRAPH", "cat".to_owned())?;
    let layer = args.or("LAYER", "mixed4b".to_owned())?;
    let picture = args.or("PICTURE", "grid.png".to_owned())?;
    let cell: usize = args.or("CELL", 48)?;
    let steps: usize = args.or("STEPS", 64)?;
    args.end()?;

    Picture::check_writable(&picture)?;
    let net = args.network(&default_device()?)?;
    let photograph = common::photograph(&photograph, common::side(&net))?;
    let map = activations(&net, &photograph, &layer)?;
    let (width, height) = (map.width(), map.height());
    println!("{layer} is {width}x{height} of {} channels", map.channels());

    let bar = bar(width * height);
    let cells = DirectionPictures::new().size(cell).steps(steps);
    let grid = ActivationGrid::new()
        .pictures(cells)
        .scaled(true)
        .observer(|progress| bar.set_position(progress.done))
        .render(&net, &photograph, &layer)?;
    bar.finish();
    grid.picture.save(&picture)?;
    println!("{picture}: the larger a cell, the stronger what is seen there");
    Ok(())
}
