//! The table of classes.

use crate::{
    drawing::Drawing,
    emblems::{machines, nature, whorls},
    objects::{animals, faces, insects, man_made, plants},
    palette::Palette,
    pose::Kind::{self, Emblem, Object, Texture, Whorl},
    random::Random,
    textures::{bands, grain, lines, spots, tiles},
};

/// A class of pictures. The label of a class is its index in [`classes`].
#[derive(Debug)]
pub struct Class {
    name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) make_drawing: fn(&mut Random, &Palette) -> Drawing,
}

impl Class {
    const fn new(
        name: &'static str,
        kind: Kind,
        make_drawing: fn(&mut Random, &Palette) -> Drawing,
    ) -> Self {
        Self {
            name,
            kind,
            make_drawing,
        }
    }

    /// The name of the class: unique, in lower case words.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

static CLASSES: [Class; 48] = [
    Class::new("stripes", Texture, bands::stripes),
    Class::new("waves", Texture, bands::waves),
    Class::new("zigzag", Texture, bands::zigzag),
    Class::new("checks", Texture, bands::checks),
    Class::new("plaid", Texture, bands::plaid),
    Class::new("ripples", Texture, bands::ripples),
    Class::new("bricks", Texture, tiles::bricks),
    Class::new("basket weave", Texture, tiles::weave),
    Class::new("honeycomb", Texture, tiles::honeycomb),
    Class::new("triangles", Texture, tiles::triangles),
    Class::new("cubes", Texture, tiles::cubes),
    Class::new("scales", Texture, tiles::scales),
    Class::new("polka dots", Texture, spots::dots),
    Class::new("crosses", Texture, spots::crosses),
    Class::new("bubbles", Texture, spots::bubbles),
    Class::new("leopard", Texture, spots::leopard),
    Class::new("cells", Texture, spots::cells),
    Class::new("maze", Texture, lines::maze),
    Class::new("circuit", Texture, lines::circuit),
    Class::new("arcs", Texture, lines::arcs),
    Class::new("marble", Texture, grain::marble),
    Class::new("wood", Texture, grain::wood),
    Class::new("fur", Texture, grain::fur),
    Class::new("rings", Whorl, whorls::rings),
    Class::new("spiral", Whorl, whorls::spiral),
    Class::new("flower", Emblem, nature::flower),
    Class::new("star", Emblem, nature::star),
    Class::new("sun", Emblem, nature::sun),
    Class::new("snowflake", Emblem, nature::snowflake),
    Class::new("wheel", Emblem, machines::wheel),
    Class::new("gear", Emblem, machines::gear),
    Class::new("clock", Emblem, machines::clock),
    Class::new("eye", Object, faces::eye),
    Class::new("face", Object, faces::face),
    Class::new("cat", Object, faces::cat),
    Class::new("bird", Object, animals::bird),
    Class::new("fish", Object, animals::fish),
    Class::new("snail", Object, animals::snail),
    Class::new("peacock feather", Object, animals::peacock),
    Class::new("butterfly", Object, insects::butterfly),
    Class::new("ladybug", Object, insects::ladybug),
    Class::new("tree", Object, plants::tree),
    Class::new("leaf", Object, plants::leaf),
    Class::new("mushroom", Object, plants::mushroom),
    Class::new("house", Object, man_made::house),
    Class::new("car", Object, man_made::car),
    Class::new("sailboat", Object, man_made::sailboat),
    Class::new("umbrella", Object, man_made::umbrella),
];

/// Returns all classes. The order of the classes never changes, since a label is an index into the
/// returned slice.
pub fn classes() -> &'static [Class] {
    &CLASSES
}

/// Returns the names of all classes in the order of their labels.
pub fn labels() -> Vec<String> {
    CLASSES.iter().map(|class| class.name.to_owned()).collect()
}
