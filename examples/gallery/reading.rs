//! What a network makes of photographs.

use oneiric::{
    Objectives, Picture,
    inspect::{
        ActivationGrid, DatasetExamples, DirectionPictures, NeuronGroups, Nmf, expanded_weights,
        kernel_sheet,
    },
};

use super::{Report, SIDE, Studio, common, row, rows};

/// A photograph and the channels of a layer that are most active in it.
pub(crate) fn activations(studio: &Studio) -> Result<Picture, Report> {
    let map = oneiric::inspect::activations(&studio.net, &studio.photograph, "mixed3b")?;
    let mut pictures = vec![studio.photograph.clone()];
    for (channel, _) in map.top_channels(3) {
        pictures.push(map.heat_map(channel)?.over(&studio.photograph)?);
    }
    row(&pictures)
}

/// What is seen at every position.
pub(crate) fn grid(studio: &Studio) -> Result<Picture, Report> {
    let cells = DirectionPictures::new().size(64).steps(96);
    let grid = ActivationGrid::new().pictures(cells).scaled(true);
    let grid = grid.render(&studio.net, &studio.photograph, studio.layer)?;
    Ok(grid.picture)
}

/// A photograph, and where it speaks for what the network takes it for.
pub(crate) fn attribution(studio: &Studio) -> Result<Picture, Report> {
    let best = studio.net.classify(&studio.photograph)?.remove(0);
    let objective = studio.net.class_logit(best.class)?;
    let why =
        oneiric::inspect::attribution(&studio.net, &studio.photograph, "mixed3b", &objective)?;
    row(&[
        studio.photograph.clone(),
        why.by_position().over(&studio.photograph)?,
    ])
}

/// A layer in four groups: where they are, and what they look for.
pub(crate) fn groups(studio: &Studio) -> Result<Picture, Report> {
    let map = oneiric::inspect::activations(&studio.net, &studio.photograph, "mixed3b")?;
    let groups = NeuronGroups::factor(&[map], Nmf::new(4))?;
    let maps = (0..4).filter_map(|group| groups.maps(group)?.first());
    let maps = maps.map(|map| map.over(&studio.photograph));
    let mut pictures: Vec<Picture> = maps.collect::<Result<_, _>>()?;
    let settings = DirectionPictures::new().size(SIDE).steps(128);
    pictures.extend(groups.pictures(&studio.net, settings)?);
    rows(&pictures, 4)
}

/// What a unit weighs the channels of the layer before with.
pub(crate) fn weights(studio: &Studio) -> Result<Picture, Report> {
    let weights = expanded_weights(&studio.net, "mixed4a", "mixed4b_3x3", 1)?;
    let strongest = weights.strongest();
    Ok(kernel_sheet(
        &weights,
        &strongest[..16.min(strongest.len())],
        16,
    )?)
}

/// The drawn photographs that excite a unit most.
pub(crate) fn examples(studio: &Studio) -> Result<Picture, Report> {
    let folder = common::drawn_folder(4, SIDE)?;
    let search = DatasetExamples::new(folder).side(Some(SIDE));
    let found = search.find(&studio.net, studio.layer, studio.channel(50))?;
    let crops = found.best.iter().take(8).map(|example| example.crop(96));
    row(&crops.collect::<Result<Vec<_>, _>>()?)
}
