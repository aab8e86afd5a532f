//! The settings in which one InceptionV1 differs from another.

use oneiric_graph::Lrn;
use serde::{Deserialize, Serialize};

use crate::Preprocessing;

/// One of the trained networks that are called "InceptionV1".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Variant {
    /// Caffe's `bvlc_googlenet`.
    Bvlc,
    /// Google's `inception5h`: the network of Lucid, the Distill articles and the Circuits thread.
    Inception5h,
    /// torchvision's `googlenet`, its batch normalizations folded into the convolutions.
    Torchvision,
    /// A network with its own configuration.
    Custom,
}

/// The padding rule of convolutions and poolings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PaddingRule {
    /// TensorFlow's `SAME` ([`Padding::SameUpper`](oneiric_graph::Padding::SameUpper)).
    Same,
    /// Caffe's, and torchvision's with `ceil_mode`: a convolution is padded by half its kernel on
    /// every side, and so is a pooling with stride 1; a pooling with a larger stride is not padded,
    /// and its last window may be partial ([`Rounding::Ceil`](oneiric_graph::Rounding::Ceil)).
    Caffe,
}

/// The widths (output channels) of one inception block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockWidths {
    /// The 1x1 branch.
    pub one: usize,
    /// The 1x1 convolution before the 3x3.
    pub three_bottleneck: usize,
    /// The 3x3 branch.
    pub three: usize,
    /// The 1x1 convolution before the 5x5.
    pub five_bottleneck: usize,
    /// The 5x5 branch.
    pub five: usize,
    /// The 1x1 convolution after the pooling.
    pub pool: usize,
}

impl BlockWidths {
    /// Creates widths in the order of the paper's table (Szegedy et al., "Going deeper with
    /// convolutions", 2015, table 1): 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection.
    #[must_use]
    pub const fn new(widths: [usize; 6]) -> Self {
        let [one, three_bottleneck, three, five_bottleneck, five, pool] = widths;
        Self {
            one,
            three_bottleneck,
            three,
            five_bottleneck,
            five,
            pool,
        }
    }

    /// The channels of the block's output.
    #[must_use]
    pub const fn out(self) -> usize {
        self.one + self.three + self.five + self.pool
    }
}

/// The nine inception blocks, by the last two characters of their names.
pub(crate) const BLOCKS: [&str; 9] = ["3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"];

/// The configuration of an InceptionV1.
///
/// | field | purpose |
/// | --- | --- |
/// | `variant` | the trained network |
/// | `stem` | output channels of the three convolutions before the blocks |
/// | `blocks` | widths of the blocks 3a, 3b, 4a ... 4e, 5a, 5b |
/// | `classes` | outputs of the classifier |
/// | `five_kernel` | kernel of the branch called 5x5: 5, or torchvision's 3 |
/// | `last_pool` | kernel of `maxpool10`, the pooling before 5a: 3, or torchvision's 2 |
/// | `lrn` | both local response normalizations, if the network has them |
/// | `padding` | padding rule of every convolution and pooling |
/// | `preprocessing` | map from an RGB image in 0..=1 to the input |
/// | `side` | height and width of the training images |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InceptionV1Config {
    /// The trained network.
    pub variant: Variant,
    /// Output channels of `conv2d0` (7x7/2), `conv2d1` (1x1) and `conv2d2` (3x3).
    pub stem: [usize; 3],
    /// Widths of the blocks 3a, 3b, 4a, 4b, 4c, 4d, 4e, 5a, 5b.
    pub blocks: [BlockWidths; 9],
    /// Outputs of the classifier.
    pub classes: usize,
    /// Kernel of the branch called 5x5.
    pub five_kernel: usize,
    /// Kernel of `maxpool10`, the pooling before the block 5a.
    pub last_pool: usize,
    /// Both local response normalizations, if the network has them.
    pub lrn: Option<Lrn>,
    /// The padding rule of every convolution and pooling.
    pub padding: PaddingRule,
    /// The map from an RGB image in 0..=1 to the input.
    pub preprocessing: Preprocessing,
    /// Height and width of the images that the network was trained on.
    pub side: usize,
}

impl InceptionV1Config {
    /// The configuration of Google's `inception5h`. Source: the nodes of
    /// `tensorflow_inception_graph.pb`.
    #[must_use]
    pub fn inception5h() -> Self {
        Self {
            variant: Variant::Inception5h,
            stem: [64, 64, 192],
            blocks: [
                BlockWidths::new([64, 96, 128, 16, 32, 32]),
                BlockWidths::new([128, 128, 192, 32, 96, 64]),
                BlockWidths::new([192, 96, 204, 16, 48, 64]),
                BlockWidths::new([160, 112, 224, 24, 64, 64]),
                BlockWidths::new([128, 128, 256, 24, 64, 64]),
                BlockWidths::new([112, 144, 288, 32, 64, 64]),
                BlockWidths::new([256, 160, 320, 32, 128, 128]),
                BlockWidths::new([256, 160, 320, 48, 128, 128]),
                BlockWidths::new([384, 192, 384, 48, 128, 128]),
            ],
            classes: 1008,
            five_kernel: 5,
            last_pool: 3,
            lrn: Some(Lrn {
                radius: 5,
                bias: 2.0,
                // The graph has 9.999999747378752e-05, which is 1e-4 in f32.
                alpha: 1e-4,
                beta: 0.5,
            }),
            padding: PaddingRule::Same,
            preprocessing: Preprocessing::uniform(255.0, [117.0; 3]),
            side: 224,
        }
    }

    /// The configuration of Caffe's `bvlc_googlenet`. Source: `bvlc_googlenet/deploy.prototxt` of
    /// the model zoo.
    #[must_use]
    pub fn bvlc() -> Self {
        let mut config = Self::inception5h();
        config.variant = Variant::Bvlc;
        config.blocks[2].three = 208;
        config.blocks[7].five_bottleneck = 32;
        config.classes = 1000;
        config.lrn = Some(Lrn::caffe(5, 1e-4, 0.75, 1.0));
        config.padding = PaddingRule::Caffe;
        config.preprocessing = Preprocessing::uniform(255.0, [104.0, 117.0, 123.0]).bgr();
        config
    }

    /// The configuration of torchvision's `googlenet`. Source: `torchvision/models/googlenet.py`.
    ///
    /// Its images are normalized by ImageNet's mean and deviation, and its `transform_input`, which
    /// the published checkpoint needs, reverses that: the result is `image * 2 - 1`.
    #[must_use]
    pub fn torchvision() -> Self {
        let mut config = Self::bvlc();
        config.variant = Variant::Torchvision;
        config.five_kernel = 3;
        config.last_pool = 2;
        config.lrn = None;
        config.preprocessing = Preprocessing::uniform(2.0, [1.0; 3]);
        config
    }

    /// The configuration of a network with the layers of `inception5h` and a few channels each:
    /// for tests and trials for which a real network would be too slow.
    #[must_use]
    pub fn tiny() -> Self {
        let mut config = Self::inception5h();
        config.variant = Variant::Custom;
        config.stem = [8, 8, 12];
        config.blocks = [BlockWidths::new([4, 4, 6, 2, 4, 2]); 9];
        config.classes = 10;
        config
    }
}

#[cfg(test)]
mod tests {
    use super::InceptionV1Config;

    #[test]
    fn block_outputs_are_those_of_the_published_tables() {
        let out = |config: InceptionV1Config| config.blocks.map(|b| b.out());
        let published = [256, 480, 512, 512, 512, 528, 832, 832, 1024];
        assert_eq!(out(InceptionV1Config::bvlc()), published);
        assert_eq!(out(InceptionV1Config::torchvision()), published);
        let mut published_5h = published;
        published_5h[2] = 508;
        assert_eq!(out(InceptionV1Config::inception5h()), published_5h);
    }
}
