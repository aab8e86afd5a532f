//! The names and layouts of a convolution's weights in each kind of file.

use oneiric_graph::Graph;

use super::{
    InceptionV1Config, Variant,
    builder::{CLASSIFIER, WEIGHT},
    names,
};

/// The number that torchvision's batch normalization adds to the variance (`BasicConv2d` in
/// `torchvision/models/googlenet.py`).
const BATCH_NORM_EPSILON: f64 = 1e-3;

/// The shape of a convolution's weights: `out` x `input` x `kernel` x `kernel`. The classifier is a
/// convolution with kernel 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConvShape {
    /// TensorFlow's name, such as `mixed4a_3x3_bottleneck`.
    pub(crate) name: String,
    pub(crate) out: usize,
    pub(crate) input: usize,
    pub(crate) kernel: usize,
}

/// Returns the convolutions whose weights a graph of an InceptionV1 declares.
pub(crate) fn convs(graph: &Graph) -> Vec<ConvShape> {
    let conv = |weight: &oneiric_graph::Weight| match weight.shape[..] {
        [out, input, kernel, _] => Some(ConvShape {
            name: weight.name.trim_end_matches(WEIGHT).to_owned(),
            out,
            input,
            kernel,
        }),
        _ => None,
    };
    graph.weights().iter().filter_map(conv).collect()
}

/// A naming and layout of a convolution's tensors in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// `inception_4a/3x3_reduce.weight` [out, in, k, k], `loss3/classifier.weight` [out, in].
    Caffe,
    /// `mixed4a_3x3_bottleneck_w` [k, k, in, out], `softmax2_w` [in, out].
    TensorFlow,
    /// lucent's and captum's names of TensorFlow's network:
    /// `mixed4a_3x3_bottleneck_pre_relu_conv.weight` [out, in, k, k],
    /// `softmax2_pre_activation_matmul.weight` [out, in].
    Lucent,
    /// `inception4a.branch2.0.conv.weight` [out, in, k, k] with the four tensors of a batch
    /// normalization after it, `fc.weight` [out, in].
    Torchvision,
    /// [`Torchvision`](Self::Torchvision) with the normalization folded in:
    /// `inception4a.branch2.0.conv.bias` takes its place. Networks are saved in this form.
    TorchvisionFolded,
}

impl Scheme {
    const ALL: [Self; 5] = [
        Self::Caffe,
        Self::TensorFlow,
        Self::Lucent,
        Self::Torchvision,
        Self::TorchvisionFolded,
    ];

    /// Returns the schemes of a variant's files; networks are saved with the first.
    pub(crate) const fn of(variant: Variant) -> &'static [Self] {
        match variant {
            Variant::Bvlc => &[Self::Caffe],
            Variant::Inception5h => &[Self::TensorFlow, Self::Lucent],
            Variant::Torchvision => &[Self::TorchvisionFolded, Self::Torchvision],
            Variant::Custom => &[Self::TensorFlow],
        }
    }

    /// Returns the configuration of the public network whose files have tensors of such names, with
    /// as many classes as the classifier has. `shape` returns the shape of a tensor, if it is there.
    pub(crate) fn config_of<'a>(
        shape: impl Fn(&str) -> Option<&'a [usize]>,
    ) -> Option<InceptionV1Config> {
        let public = [
            InceptionV1Config::bvlc(),
            InceptionV1Config::inception5h(),
            InceptionV1Config::torchvision(),
        ];
        let convs = ["conv2d0", "mixed4a_1x1", CLASSIFIER];
        let scheme = Self::ALL.into_iter().find(|scheme| {
            let mut names = convs.iter().map(|conv| scheme.weight(conv));
            names.any(|name| shape(&name).is_some())
        })?;
        let config = public
            .into_iter()
            .find(|config| Self::of(config.variant).contains(&scheme))?;
        let classes = match (scheme, shape(&scheme.weight(CLASSIFIER))) {
            (Self::TensorFlow, Some(&[_, classes])) | (_, Some(&[classes, _])) => classes,
            _ => config.classes,
        };
        Some(InceptionV1Config { classes, ..config })
    }

    /// Returns the names and shapes of a convolution's tensors, the weight first.
    pub(crate) fn tensors(self, conv: &ConvShape) -> Vec<(String, Vec<usize>)> {
        let (out, input, kernel) = (conv.out, conv.input, conv.kernel);
        let shape = match (self, conv.name == CLASSIFIER) {
            (Self::TensorFlow, true) => vec![input, out],
            (Self::TensorFlow, false) => vec![kernel, kernel, input, out],
            (_, true) => vec![out, input],
            (_, false) => vec![out, input, kernel, kernel],
        };
        let mut tensors = vec![(self.weight(&conv.name), shape)];
        let others = self.others(&conv.name).into_iter();
        tensors.extend(others.map(|name| (name, vec![out])));
        tensors
    }

    /// Makes the weight, [out, in, k, k], and the bias from the values of
    /// [`tensors`](Self::tensors).
    pub(crate) fn assemble(
        self,
        conv: &ConvShape,
        mut tensors: Vec<Vec<f32>>,
    ) -> (Vec<f32>, Vec<f32>) {
        let others = tensors.split_off(1);
        let weight = tensors.pop().expect("the weight comes first");
        let weight = match self {
            Self::TensorFlow => from_hwio(conv, &weight),
            _ => weight,
        };
        match <[Vec<f32>; 4]>::try_from(others) {
            Ok(batch_norm) => fold(weight, &batch_norm),
            Err(mut bias) => (weight, bias.pop().expect("a bias or a normalization")),
        }
    }

    /// Inverts [`assemble`](Self::assemble): returns the values of [`tensors`](Self::tensors).
    pub(crate) fn take_apart(
        self,
        conv: &ConvShape,
        weight: Vec<f32>,
        bias: Vec<f32>,
    ) -> [Vec<f32>; 2] {
        debug_assert_ne!(self, Self::Torchvision, "a fold cannot be undone");
        match self {
            Self::TensorFlow => [to_hwio(conv, &weight), bias],
            _ => [weight, bias],
        }
    }

    /// Returns true for tensors of the public files that the main tower does not use: those of the
    /// two auxiliary heads.
    pub(crate) fn is_auxiliary(self, name: &str) -> bool {
        let prefixes: &[&str] = match self {
            Self::Caffe => &["loss1/", "loss2/"],
            Self::TensorFlow | Self::Lucent => {
                &["head0_", "head1_", "nn0_", "nn1_", "softmax0_", "softmax1_"]
            }
            Self::Torchvision | Self::TorchvisionFolded => &["aux1.", "aux2."],
        };
        prefixes.iter().any(|prefix| name.starts_with(prefix))
    }

    /// Returns the name of a convolution's weight, given TensorFlow's name of the convolution.
    fn weight(self, conv: &str) -> String {
        let is_classifier = conv == CLASSIFIER;
        let known = |name: Option<String>| name.unwrap_or_else(|| conv.to_owned());
        match self {
            Self::Caffe if is_classifier => "loss3/classifier.weight".to_owned(),
            Self::Caffe => format!("{}.weight", known(names::caffe(conv))),
            Self::TensorFlow => format!("{conv}_w"),
            Self::Lucent if is_classifier => format!("{conv}_pre_activation_matmul.weight"),
            Self::Lucent => format!("{conv}_pre_relu_conv.weight"),
            Self::Torchvision | Self::TorchvisionFolded if is_classifier => "fc.weight".to_owned(),
            Self::Torchvision | Self::TorchvisionFolded => {
                format!("{}.conv.weight", known(names::torchvision(conv)))
            }
        }
    }

    /// Returns the names of a convolution's other tensors: a bias, or a batch normalization in the
    /// order of [`fold`].
    fn others(self, conv: &str) -> Vec<String> {
        let weight = self.weight(conv);
        if self == Self::TensorFlow {
            return vec![format!("{conv}_b")];
        }
        match weight.strip_suffix(".conv.weight") {
            Some(name) if self == Self::Torchvision => {
                ["weight", "bias", "running_mean", "running_var"]
                    .map(|part| format!("{name}.bn.{part}"))
                    .to_vec()
            }
            _ => vec![weight.replace(".weight", ".bias")],
        }
    }
}

/// Folds a batch normalization `gamma (y - mean) / sqrt(variance + epsilon) + beta` of a
/// convolution without bias into the convolution's weights and a bias (Ioffe and Szegedy, "Batch
/// Normalization", 2015, section 3.1). Computes in f64, so that only the results are rounded.
fn fold(
    mut weight: Vec<f32>,
    [gamma, beta, mean, variance]: &[Vec<f32>; 4],
) -> (Vec<f32>, Vec<f32>) {
    let fan_in = weight.len() / gamma.len();
    let mut bias = Vec::with_capacity(gamma.len());
    for (channel, weight) in weight.chunks_exact_mut(fan_in).enumerate() {
        let deviation = (f64::from(variance[channel]) + BATCH_NORM_EPSILON).sqrt();
        let scale = f64::from(gamma[channel]) / deviation;
        for value in weight {
            *value = (f64::from(*value) * scale) as f32;
        }
        bias.push((f64::from(beta[channel]) - f64::from(mean[channel]) * scale) as f32);
    }
    (weight, bias)
}

/// Transposes [k, k, in, out] to [out, in, k, k].
fn from_hwio(conv: &ConvShape, values: &[f32]) -> Vec<f32> {
    let positions = conv.kernel * conv.kernel;
    let mut oihw = Vec::with_capacity(values.len());
    for out in 0..conv.out {
        for input in 0..conv.input {
            oihw.extend((0..positions).map(|p| values[(p * conv.input + input) * conv.out + out]));
        }
    }
    oihw
}

/// Transposes [out, in, k, k] to [k, k, in, out].
fn to_hwio(conv: &ConvShape, values: &[f32]) -> Vec<f32> {
    let positions = conv.kernel * conv.kernel;
    let mut hwio = Vec::with_capacity(values.len());
    for position in 0..positions {
        for input in 0..conv.input {
            hwio.extend(
                (0..conv.out).map(|out| values[(out * conv.input + input) * positions + position]),
            );
        }
    }
    hwio
}

#[cfg(test)]
mod tests {
    use super::{ConvShape, Scheme};
    use crate::{InceptionV1Config, Variant};

    fn convs(config: &InceptionV1Config) -> Vec<ConvShape> {
        super::convs(&config.graph().expect("a configuration of ours"))
    }

    #[test]
    fn layouts_go_there_and_back() {
        for conv in &convs(&InceptionV1Config::tiny()) {
            let count = conv.out * conv.input * conv.kernel * conv.kernel;
            let weight: Vec<f32> = (0..count).map(|v| v as f32).collect();
            let bias: Vec<f32> = (0..conv.out).map(|v| -(v as f32)).collect();
            for scheme in [Scheme::TensorFlow, Scheme::Caffe] {
                let apart = scheme.take_apart(conv, weight.clone(), bias.clone());
                assert_eq!(
                    apart[0] != weight,
                    scheme == Scheme::TensorFlow && conv.out * conv.input > 1
                );
                let together = scheme.assemble(conv, apart.to_vec());
                assert_eq!(together, (weight.clone(), bias.clone()), "{}", conv.name);
            }
        }
    }

    #[test]
    fn names_are_those_of_the_public_files_and_tell_the_variant() {
        let convs = convs(&InceptionV1Config::torchvision());
        let conv = |name: &str| {
            let found = convs.iter().find(|conv| conv.name == name);
            found.expect("a convolution")
        };
        for (scheme, name, expected) in [
            (Scheme::Caffe, "conv2d0", "conv1/7x7_s2.bias"),
            (
                Scheme::Caffe,
                "mixed4a_3x3_bottleneck",
                "inception_4a/3x3_reduce.bias",
            ),
            (Scheme::Caffe, "softmax2", "loss3/classifier.bias"),
            (
                Scheme::TensorFlow,
                "mixed4a_pool_reduce",
                "mixed4a_pool_reduce_b",
            ),
            (Scheme::TensorFlow, "softmax2", "softmax2_b"),
            (Scheme::Lucent, "conv2d1", "conv2d1_pre_relu_conv.bias"),
            (
                Scheme::Lucent,
                "softmax2",
                "softmax2_pre_activation_matmul.bias",
            ),
            (Scheme::Torchvision, "conv2d2", "conv3.bn.running_var"),
            (
                Scheme::Torchvision,
                "mixed5b_5x5",
                "inception5b.branch3.1.bn.running_var",
            ),
            (
                Scheme::Torchvision,
                "mixed5b_pool_reduce",
                "inception5b.branch4.1.bn.running_var",
            ),
            (Scheme::Torchvision, "softmax2", "fc.bias"),
            (
                Scheme::TorchvisionFolded,
                "mixed3a_1x1",
                "inception3a.branch1.conv.bias",
            ),
        ] {
            let tensors = scheme.tensors(conv(name));
            let (last, shape) = tensors.last().expect("some");
            assert_eq!(
                (last.as_str(), shape.as_slice()),
                (expected, &[conv(name).out][..])
            );
        }
        for (weight, variant) in [
            ("conv1/7x7_s2.weight", Some(Variant::Bvlc)),
            ("conv2d0_w", Some(Variant::Inception5h)),
            ("conv2d0_pre_relu_conv.weight", Some(Variant::Inception5h)),
            (
                "inception4a.branch1.conv.weight",
                Some(Variant::Torchvision),
            ),
            ("resnet.weight", None),
        ] {
            let config = Scheme::config_of(|name| (name == weight).then_some(&[][..]));
            assert_eq!(config.map(|config| config.variant), variant, "{weight}");
        }
    }

    #[test]
    fn a_folded_normalization_computes_the_same() {
        // One channel, kernel 1: y = gamma (w x - mean) / sqrt(variance + 0.001) + beta by hand.
        let (gamma, beta, mean, variance, w) = (1.5, 0.25, -0.5, 3.999, 2.0);
        let (weight, bias) = super::fold(
            vec![w],
            &[vec![gamma], vec![beta], vec![mean], vec![variance]],
        );
        for x in [-1.0, 0.0, 3.0] {
            let expected = gamma * (w * x - mean) / 2.0 + beta;
            assert!((weight[0] * x + bias[0] - expected).abs() < 1e-6);
        }
    }
}
