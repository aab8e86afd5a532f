//! The seam between networks and everything that looks into them.

use std::{fmt, ops::ControlFlow, sync::Arc};

use burn::tensor::Tensor;

use crate::{NetworkInfo, Probe};

/// A network with frozen weights and named layers, for objectives to read.
///
/// An implementation has two functions: its [`NetworkInfo`], and its forward pass, which gives each
/// layer to a [`Probe`]. Everything that follows from the two, such as finding a layer by name or
/// reading activations, is in [`NetworkExt`](crate::NetworkExt). A network that is a graph of
/// common operators needs no implementation: see [`GraphNetwork`](crate::GraphNetwork).
///
/// References, boxes and [`Arc`]s of networks are networks. Objectives clone their network, so wrap
/// it in an [`Arc`].
///
/// ```
/// # #[cfg(feature = "flex")] {
/// use std::{ops::ControlFlow, sync::Arc};
///
/// use burn::{
///     nn::conv::{Conv2d, Conv2dConfig},
///     tensor::{Device, Tensor},
/// };
/// use oneiric_model::{Layer, Network, NetworkExt, NetworkInfo, Probe};
///
/// #[derive(Debug)]
/// struct Small {
///     info: NetworkInfo,
///     convs: [Conv2d; 2],
/// }
///
/// impl Network for Small {
///     fn info(&self) -> &NetworkInfo {
///         &self.info
///     }
///
///     fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
///         let x = images * 2.0 - 1.0; // its preprocessing
///         let x = probe.relu(self.convs[0].forward(x));
///         let x = probe.layer("edges", x)?;
///         let x = probe.relu(self.convs[1].forward(x));
///         probe.layer("corners", x)?;
///         ControlFlow::Continue(())
///     }
/// }
///
/// let device = Device::flex();
/// let conv = |from, to| Conv2dConfig::new([from, to], [3, 3]).init(&device);
/// let layers = [Layer::new("edges", 8), Layer::new("corners", 16)];
/// let net = Arc::new(Small {
///     // Two unpadded convolutions of 3x3 need 5x5 pixels.
///     info: NetworkInfo::new(layers, &device).with_smallest_image([5, 5]),
///     convs: [conv(3, 8), conv(8, 16)],
/// });
/// net.verify([32, 24])?;
/// let corners = net.layer("corners")?;
/// assert_eq!(net.layer_size(corners, [32, 24]), Some([28, 20]));
/// # }
/// # Ok::<(), oneiric_model::ModelError>(())
/// ```
pub trait Network: fmt::Debug + Send + Sync {
    /// The description of the network.
    fn info(&self) -> &NetworkInfo;

    /// Computes the layers that the probe asks for, from images [n, channels, height, width] in
    /// 0..=1, RGB if there are three channels.
    ///
    /// The pass begins with the network's own preprocessing, gives each layer to the probe in the
    /// order of [`NetworkInfo::layers`], goes on with the tensor that the probe returns, and ends
    /// when the probe breaks. It takes batches, and images of any size from
    /// [`NetworkInfo::smallest_image`] on.
    ///
    /// Layers that the probe does not ask for may be left out unless
    /// [`Probe::is_patched`] is true.
    fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()>;
}

/// Implements [`Network`] for pointers to networks.
macro_rules! forward_network {
    ($($pointer:ty),+) => {
        $(impl<N: Network + ?Sized> Network for $pointer {
            fn info(&self) -> &NetworkInfo {
                (**self).info()
            }

            fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
                (**self).forward(images, probe)
            }
        })+
    };
}

forward_network!(&N, Box<N>, Arc<N>);
