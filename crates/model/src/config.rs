//! What tells one InceptionV1 from another: widths, paddings, normalisations, input.

use serde::{Deserialize, Serialize};

/// Which of the trained networks called "InceptionV1" a network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Variant {
    /// Caffe's `bvlc_googlenet`.
    Bvlc,
    /// Google's `inception5h`: the network of Lucid, the Distill articles and the Circuits thread.
    Inception5h,
    /// torchvision's `googlenet`, its batch normalisations folded into the convolutions.
    Torchvision,
    /// One with its own configuration.
    Custom,
}

/// How the borders of a convolution or a pooling are padded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Padding {
    /// TensorFlow's `SAME`: `max((ceil(n / s) - 1) * s + k - n, 0)` in all, the smaller half
    /// before, so it depends on the input's size.
    Same,
    /// Caffe's, and torchvision's with `ceil_mode`: a convolution is padded by half its kernel on every side; a pooling with stride 1
    /// likewise; a pooling with a larger stride is padded at the end alone, so that the last
    /// window may be partial (ceil mode).
    Caffe,
}

impl Padding {
    /// Rows (or columns) added before and after `n` of them for a convolution with kernel `k`
    /// and stride `s`.
    pub(crate) const fn conv(self, n: usize, k: usize, s: usize) -> (usize, usize) {
        match self {
            Self::Same => same(n, k, s),
            Self::Caffe => (k / 2, k / 2),
        }
    }

    /// The same for a pooling.
    pub(crate) const fn pool(self, n: usize, k: usize, s: usize) -> (usize, usize) {
        match self {
            Self::Same => same(n, k, s),
            Self::Caffe if s == 1 => (k / 2, k / 2),
            // Not one window: Caffe's ceil((n - k) / s) + 1 is 0.
            Self::Caffe if n + s <= k => (0, 0),
            Self::Caffe => {
                // The last window starts at the largest multiple of s that still leaves the
                // output of ceil((n - k) / s) + 1 windows.
                let mut windows = n.saturating_sub(k).div_ceil(s) + 1;
                // None lies wholly outside, which one of a kernel below the stride could.
                if (windows - 1) * s >= n {
                    windows -= 1;
                }
                (0, ((windows - 1) * s + k).saturating_sub(n))
            }
        }
    }
}

const fn same(n: usize, k: usize, s: usize) -> (usize, usize) {
    let total = ((n.div_ceil(s).saturating_sub(1)) * s + k).saturating_sub(n);
    (total / 2, total - total / 2)
}

/// Local response normalisation across channels:
/// `y_i = x_i / (bias + alpha * sum_{|j - i| <= radius} x_j^2)^beta`.
///
/// This is TensorFlow's form (`tf.nn.local_response_normalization`). Caffe and PyTorch divide
/// their alpha by the window's length `2 * radius + 1` first; [`Lrn::caffe`] converts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Lrn {
    /// Channels on either side that count.
    pub radius: usize,
    /// Added to the scaled sum.
    pub bias: f32,
    /// Scale of the sum of squares.
    pub alpha: f32,
    /// Exponent.
    pub beta: f32,
}

impl Lrn {
    /// From Caffe's (or PyTorch's) parameters, whose `alpha` is divided by the length `size`
    /// of the window.
    #[must_use]
    pub const fn caffe(size: usize, alpha: f32, beta: f32, k: f32) -> Self {
        Self {
            radius: size / 2,
            bias: k,
            alpha: alpha / size as f32,
            beta,
        }
    }
}

/// Order of the colours that a network expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColourOrder {
    /// Red, green, blue.
    Rgb,
    /// Blue, green, red.
    Bgr,
}

/// From an RGB image in 0..=1 to a network's input: `image * scale - mean`, in its colour order.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Preprocessing {
    /// Colour order of the input.
    pub order: ColourOrder,
    /// What the image is multiplied by first: 255 where a network was trained on bytes.
    pub scale: f32,
    /// What is then subtracted from each channel, in that order.
    pub mean: [f32; 3],
}

/// Widths (output channels) of one inception block.
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
    /// In the order of the table of the paper (Szegedy et al., "Going deeper with convolutions",
    /// 2015, table 1): 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection.
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

    /// Channels of the block's output.
    #[must_use]
    pub const fn out(self) -> usize {
        self.one + self.three + self.five + self.pool
    }
}

/// The nine inception blocks, by the last two characters of their names.
pub(crate) const BLOCKS: [&str; 9] = ["3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"];

/// Configuration of an InceptionV1.
///
/// | field | purpose |
/// | --- | --- |
/// | `variant` | which trained network this is |
/// | `stem` | output channels of the three convolutions before the blocks |
/// | `blocks` | widths of the blocks 3a, 3b, 4a ... 4e, 5a, 5b |
/// | `classes` | outputs of the classifier |
/// | `five_kernel` | kernel of the branch called 5x5: 5, or torchvision's 3 |
/// | `last_pool` | kernel of `maxpool10`, the pooling before 5a: 3, or torchvision's 2 |
/// | `lrn` | both local response normalisations, if the network has them |
/// | `padding` | of every convolution and pooling |
/// | `preprocessing` | from an RGB image in 0..=1 to the input |
/// | `side` | height and width of the images that it was trained on |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InceptionV1Config {
    /// Which trained network this is.
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
    /// Both local response normalisations, if the network has them.
    pub lrn: Option<Lrn>,
    /// Padding of every convolution and pooling.
    pub padding: Padding,
    /// From an RGB image in 0..=1 to the input.
    pub preprocessing: Preprocessing,
    /// Height and width of the images that the network was trained on.
    pub side: usize,
}

impl InceptionV1Config {
    /// Google's `inception5h`. Source: the nodes of `tensorflow_inception_graph.pb`.
    #[must_use]
    pub const fn inception5h() -> Self {
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
                // The graph says 9.999999747378752e-05, which is this in f32.
                alpha: 1e-4,
                beta: 0.5,
            }),
            padding: Padding::Same,
            preprocessing: Preprocessing {
                order: ColourOrder::Rgb,
                scale: 255.0,
                mean: [117.0; 3],
            },
            side: 224,
        }
    }

    /// Caffe's `bvlc_googlenet`. Source: `bvlc_googlenet/deploy.prototxt` of the model zoo.
    #[must_use]
    pub const fn bvlc() -> Self {
        let mut config = Self::inception5h();
        config.variant = Variant::Bvlc;
        config.blocks[2].three = 208;
        config.blocks[7].five_bottleneck = 32;
        config.classes = 1000;
        config.lrn = Some(Lrn::caffe(5, 1e-4, 0.75, 1.0));
        config.padding = Padding::Caffe;
        config.preprocessing = Preprocessing {
            order: ColourOrder::Bgr,
            scale: 255.0,
            mean: [104.0, 117.0, 123.0],
        };
        config
    }

    /// torchvision's `googlenet`. Source: `torchvision/models/googlenet.py`.
    ///
    /// Its images are normalised by ImageNet's mean and deviation, and its `transform_input`, which
    /// the published checkpoint needs, takes that back: together `image * 2 - 1`.
    #[must_use]
    pub const fn torchvision() -> Self {
        let mut config = Self::bvlc();
        config.variant = Variant::Torchvision;
        config.five_kernel = 3;
        config.last_pool = 2;
        config.lrn = None;
        config.preprocessing = Preprocessing {
            order: ColourOrder::Rgb,
            scale: 2.0,
            mean: [1.0; 3],
        };
        config
    }

    /// A network with the same layers as `inception5h` and a few channels each: for trying
    /// things out where a real network would take too long. Its weights are up to the caller.
    #[must_use]
    pub const fn tiny() -> Self {
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
    use super::{InceptionV1Config, Padding};

    /// Output positions of a window over padded rows.
    fn out(n: usize, (before, after): (usize, usize), k: usize, s: usize) -> usize {
        (n + before + after - k) / s + 1
    }

    #[test]
    fn same_padding_gives_ceil_of_n_over_s() {
        for n in 1..40 {
            for (k, s) in [(1, 1), (3, 1), (5, 1), (3, 2), (7, 2)] {
                let pads = Padding::Same.conv(n, k, s);
                assert_eq!(out(n, pads, k, s), n.div_ceil(s), "n {n} k {k} s {s}");
                assert!(pads.0 <= pads.1 && pads.1 <= pads.0 + 1);
            }
        }
    }

    #[test]
    fn caffe_pooling_rounds_up() {
        assert_eq!(Padding::Caffe.pool(1, 3, 2), (0, 0), "no window fits");
        for n in 2..40 {
            let pads = Padding::Caffe.pool(n, 3, 2);
            let expected = ((n as f64 - 3.0) / 2.0).ceil() as usize + 1;
            assert_eq!(out(n, pads, 3, 2), expected, "n {n}");
        }
        assert_eq!(
            out(4, Padding::Caffe.pool(4, 1, 2), 1, 2),
            2,
            "none outside"
        );
        assert_eq!(Padding::Caffe.pool(10, 3, 1), (1, 1));
        assert_eq!(Padding::Caffe.conv(10, 7, 2), (3, 3));
    }

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
