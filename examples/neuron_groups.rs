//! The hundreds of channels of a layer in a few groups that fire together: where in a photograph
//! each is found, and what it looks for.

mod common;

use common::{Args, Report, bar};
use oneiric::{
    Picture, default_device,
    inspect::{DirectionPictures, NeuronGroups, Nmf, activations},
};

fn main() -> Result<(), Report> {
    let mut args = Args::new(
        "neuron_groups [PHOTOGRAPH or CLASS=cat] [LAYER=mixed4b] [GROUPS=6] \
         [PICTURE=groups.png] [STEPS=128]",
    );
    let photograph = args.or("PHOTOGRAPH", "cat".to_owned())?;
    let layer = args.or("LAYER", "mixed4b".to_owned())?;
    let count: usize = args.or("GROUPS", 6)?;
    let picture = args.or("PICTURE", "groups.png".to_owned())?;
    let steps: usize = args.or("STEPS", 128)?;
    args.end()?;

    Picture::check_writable(&picture)?;
    let net = args.network(&default_device()?)?;
    let photograph = common::photograph(&photograph, common::side(&net))?;
    let (width, height) = (photograph.width(), photograph.height());
    let map = activations(&net, &photograph, &layer)?;
    let groups = NeuronGroups::factor(&[map], Nmf::new(count))?;
    let explained = 100.0 * (1.0 - groups.error().powi(2));
    println!("{count} groups explain {explained:.0} % of {layer}'s squares");

    let bar = bar(count);
    let settings = DirectionPictures::new()
        .size(width.max(height))
        .steps(steps)
        .batch(1)
        .observer(|progress| bar.set_position(progress.done));
    let pictures = groups.pictures(&net, settings)?;
    bar.finish();

    // The maps above, the pictures below.
    let maps = (0..count).filter_map(|group| groups.maps(group)?.first());
    let mut sheet: Vec<Picture> = maps
        .map(|map| map.over(&photograph))
        .collect::<Result<_, _>>()?;
    sheet.extend(pictures.iter().map(|p| p.crop_center(width, height)));
    Picture::grid(&sheet, count)?.save(&picture)?;
    println!("{picture}");
    Ok(())
}
