//! How a node's tensor shows the map that it lies in memory as.
//!
//! Exporters reshape and transpose: channels are moved behind the positions, rows and columns become
//! tokens, channels are cut into heads. None of that moves a value here. A map stays in its blocks,
//! and the axes of the tensor are written down as a product of its channels, rows and columns.

/// A factor of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Factor {
    /// Channels that are `stride` apart.
    Channels { count: usize, stride: usize },
    /// All rows.
    Rows(usize),
    /// All columns.
    Columns(usize),
}

impl Factor {
    pub(super) fn length(self) -> usize {
        match self {
            Self::Channels { count, .. } => count,
            Self::Rows(length) | Self::Columns(length) => length,
        }
    }

    pub(super) fn is_channels(self) -> bool {
        matches!(self, Self::Channels { .. })
    }

    /// The two parts of a factor of which the first has that length.
    fn split(self, first: usize) -> Option<[Self; 2]> {
        match self {
            Self::Channels { count, stride } if count.is_multiple_of(first) => {
                let rest = count / first;
                Some([
                    Self::Channels {
                        count: first,
                        stride: stride * rest,
                    },
                    Self::Channels {
                        count: rest,
                        stride,
                    },
                ])
            }
            _ => None,
        }
    }
}

/// The axes of a tensor, each as the product of its factors from the outermost to the innermost.
/// Factors of length 1 are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) axes: Vec<Vec<Factor>>,
}

/// The order in which the values of a map lie in the caller's tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// By channels, rows, columns.
    ChannelsFirst,
    /// By rows, columns, channels.
    ChannelsLast,
}

impl Form {
    /// The form of a map, [1, channels, height, width].
    pub(super) fn map([channels, height, width]: [usize; 3]) -> Self {
        let channels = Factor::Channels {
            count: channels,
            stride: 1,
        };
        let axes = [channels, Factor::Rows(height), Factor::Columns(width)];
        let axes = axes.map(|factor| Some(factor).filter(|factor| factor.length() != 1));
        let axes = axes.map(|factor| factor.into_iter().collect());
        Self {
            axes: std::iter::once(vec![]).chain(axes).collect(),
        }
    }

    /// All factors, from the outermost to the innermost.
    fn factors(&self) -> Vec<Factor> {
        self.axes.iter().flatten().copied().collect()
    }

    /// The number of channels.
    pub(super) fn channels(&self) -> usize {
        let factors = self.factors().into_iter();
        let counts = factors.filter(|factor| factor.is_channels());
        counts.map(Factor::length).product()
    }

    /// The numbers of rows and columns.
    pub(super) fn size(&self) -> [usize; 2] {
        let mut size = [1; 2];
        for factor in self.factors() {
            match factor {
                Factor::Rows(length) => size[0] = length,
                Factor::Columns(length) => size[1] = length,
                Factor::Channels { .. } => {}
            }
        }
        size
    }

    /// The lengths of the axes.
    pub(super) fn lengths(&self) -> Vec<usize> {
        let axes = self.axes.iter();
        axes.map(|axis| axis.iter().map(|factor| factor.length()).product())
            .collect()
    }

    /// The factors of an axis that has all channels and nothing else.
    pub(super) fn all_channels(&self) -> Vec<Factor> {
        let count = self.channels();
        let factor = Factor::Channels { count, stride: 1 };
        if count == 1 { vec![] } else { vec![factor] }
    }

    /// Returns true if this is how a map is seen as a tensor.
    pub(super) fn is_map(&self) -> bool {
        let [height, width] = self.size();
        *self == Self::map([self.channels(), height, width])
    }

    /// Returns true if all channels are one axis, and no other axis has any.
    pub(super) fn has_channels(&self, axis: usize) -> bool {
        self.axes.get(axis) == Some(&self.all_channels())
    }

    /// The order of the values, if it is one that the caller can be given.
    pub(super) fn order(&self) -> Option<Order> {
        let factors = merged(self.factors());
        let [height, width] = self.size();
        let [rows, columns] = [Factor::Rows(height), Factor::Columns(width)];
        let positions = [rows, columns].into_iter();
        let positions: Vec<Factor> = positions.filter(|factor| factor.length() != 1).collect();
        let channels = self.all_channels();
        if factors == [&channels[..], &positions[..]].concat() {
            Some(Order::ChannelsFirst)
        } else if factors == [&positions[..], &channels[..]].concat() {
            Some(Order::ChannelsLast)
        } else {
            None
        }
    }

    /// The same values under axes of other lengths, if every axis is a product of whole factors.
    pub(super) fn reshaped(&self, lengths: &[usize]) -> Option<Self> {
        let mut rest = self.factors().into_iter();
        let mut next = rest.next();
        let axes = lengths.iter().map(|&length| {
            let mut axis = Vec::new();
            let mut missing = length;
            while missing != 1 {
                let factor = next?;
                if missing.is_multiple_of(factor.length()) {
                    axis.push(factor);
                    missing /= factor.length();
                    next = rest.next();
                } else {
                    let [first, second] = factor.split(missing)?;
                    axis.push(first);
                    next = Some(second);
                    missing = 1;
                }
            }
            Some(merged(axis))
        });
        let axes = axes.collect::<Option<Vec<_>>>()?;
        next.is_none().then_some(Self { axes })
    }

    /// The axes in another order.
    pub(super) fn transposed(&self, order: &[usize]) -> Self {
        let axes = order.iter().map(|&axis| self.axes[axis].clone());
        Self {
            axes: axes.collect(),
        }
    }

    /// The same with other factors in the place of an axis.
    pub(super) fn with_axis(&self, axis: usize, factors: Vec<Factor>) -> Self {
        let mut axes = self.axes.clone();
        axes[axis] = factors;
        Self { axes }
    }

    /// The same with fewer channels of an axis, whose numbers close up.
    pub(super) fn with_fewer(&self, axis: usize, count: usize) -> Self {
        let [
            Factor::Channels {
                count: before,
                stride,
            },
        ] = self.axes[axis][..]
        else {
            return self.clone();
        };
        let closer = |factor: &Factor| match *factor {
            Factor::Channels {
                count: own,
                stride: step,
            } if step > stride => Factor::Channels {
                count: own,
                stride: step / before * count,
            },
            other => other,
        };
        let axes = self.axes.iter().enumerate().map(|(at, factors)| {
            if at != axis {
                factors.iter().map(closer).collect()
            } else if count == 1 {
                vec![]
            } else {
                vec![Factor::Channels { count, stride }]
            }
        });
        Self {
            axes: axes.collect(),
        }
    }

    /// The channels along an axis that has all of them, in its order.
    pub(super) fn channel_order(&self, axis: usize) -> Vec<usize> {
        let factors = self.axes[axis].iter().rev();
        factors.fold(vec![0], |inner, factor| match *factor {
            Factor::Channels { count, stride } => (0..count)
                .flat_map(|at| inner.iter().map(move |place| at * stride + place))
                .collect(),
            Factor::Rows(_) | Factor::Columns(_) => inner,
        })
    }

    /// The same with axes of length 1 before it, up to that many.
    pub(super) fn with_axes(&self, count: usize) -> Self {
        let missing = count.saturating_sub(self.axes.len());
        let new = vec![vec![]; missing];
        Self {
            axes: [&new[..], &self.axes[..]].concat(),
        }
    }

    /// The form of the result, if this and another tensor can be combined channel by channel and
    /// position by position, or one of them has a single position.
    pub(super) fn combined(&self, other: &Self) -> Option<Self> {
        let count = self.axes.len().max(other.axes.len());
        let (a, b) = (self.with_axes(count), other.with_axes(count));
        let wider = if b.size() == [1; 2] { &a } else { &b };
        let narrower = if b.size() == [1; 2] { &b } else { &a };
        let fits = a == b
            || narrower.size() == [1; 2]
                && narrower.axes.iter().zip(&wider.axes).all(|(one, all)| {
                    let positions = all.iter().all(|factor| !factor.is_channels());
                    one == all || one.is_empty() && positions
                });
        fits.then(|| wider.clone())
    }

    /// For each channel, and in it each position row by row, the value that broadcasting gives it
    /// from a tensor of that shape, [channels][positions].
    pub(super) fn spread(&self, shape: &[usize], values: &[f32]) -> Option<Vec<f32>> {
        let lengths = self.lengths();
        let surplus = shape.len().saturating_sub(lengths.len());
        if shape[..surplus].iter().any(|length| *length != 1) {
            return None;
        }
        let shape = &shape[surplus..];
        let own = lengths.len() - shape.len();
        let fits = shape.iter().zip(&lengths[own..]);
        if !fits
            .clone()
            .all(|(found, length)| *found == 1 || found == length)
        {
            return None;
        }
        let axes = &self.axes[own..];
        let [height, width] = self.size();
        let place = |factor: &Factor, channel: usize, position: usize| match *factor {
            Factor::Channels { count, stride } => channel / stride % count,
            Factor::Rows(_) => position / width,
            Factor::Columns(_) => position % width,
        };
        let value = |channel: usize, position: usize| {
            let at = axes.iter().zip(shape).fold(0, |at, (axis, &length)| {
                let inner = axis.iter().fold(0, |inner, factor| {
                    inner * factor.length() + place(factor, channel, position)
                });
                at * length + if length == 1 { 0 } else { inner }
            });
            values[at]
        };
        let channels = 0..self.channels();
        let all = channels.flat_map(|channel| {
            let value = &value;
            (0..height * width).map(move |position| value(channel, position))
        });
        Some(all.collect())
    }

    /// Returns true if the value of a tensor of that shape would be the same for all positions.
    pub(super) fn is_of_channels(&self, shape: &[usize]) -> bool {
        let lengths = self.lengths();
        let axes = self.axes.iter().rev().zip(lengths.iter().rev());
        let mut pairs = axes.zip(shape.iter().rev());
        pairs.all(|((axis, _), length)| *length == 1 || axis.iter().all(|f| f.is_channels()))
    }
}

/// The factors with neighbors joined that are one run of channels.
fn merged(factors: Vec<Factor>) -> Vec<Factor> {
    let mut all: Vec<Factor> = Vec::with_capacity(factors.len());
    for factor in factors {
        match (all.last_mut(), factor) {
            (
                Some(Factor::Channels { count, stride }),
                Factor::Channels {
                    count: inner,
                    stride: step,
                },
            ) if *stride == inner * step => {
                *count *= inner;
                *stride = step;
            }
            _ => all.push(factor),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{Factor, Form, Order};

    #[test]
    fn channels_are_cut_into_heads_and_joined() {
        let map = Form::map([12, 2, 3]);
        assert!(map.is_map() && map.has_channels(1));
        let tokens = map.reshaped(&[1, 12, 6]).expect("positions joined");
        let last = tokens.transposed(&[0, 2, 1]);
        assert_eq!(last.order(), Some(Order::ChannelsLast));
        let heads = last.reshaped(&[6, 3, 4]).expect("heads");
        let heads = heads.transposed(&[1, 0, 2]);
        assert_eq!(heads.lengths(), [3, 6, 4]);
        assert_eq!(heads.order(), None);
        let outer = Factor::Channels {
            count: 3,
            stride: 4,
        };
        assert_eq!(heads.axes[0], [outer]);
        let back = heads.transposed(&[1, 0, 2]).reshaped(&[1, 6, 12]);
        assert_eq!(back, Some(last));
        // Rows and columns are not cut.
        assert_eq!(tokens.reshaped(&[1, 12, 3, 2]), None);
        assert_eq!(tokens.reshaped(&[1, 12, 5]), None);
        // Channels in another order are not all channels.
        let shuffled = map.reshaped(&[1, 3, 4, 2, 3]).expect("groups");
        let shuffled = shuffled.transposed(&[0, 2, 1, 3, 4]);
        let shuffled = shuffled.reshaped(&[1, 12, 2, 3]).expect("joined");
        assert!(!shuffled.is_map() && !shuffled.has_channels(1));
    }

    #[test]
    fn values_are_broadcast() {
        let last = Form::map([2, 1, 3]).transposed(&[0, 2, 3, 1]);
        assert!(last.is_of_channels(&[2]) && !last.is_of_channels(&[3, 1]));
        let each = last.spread(&[2], &[5.0, 7.0]);
        assert_eq!(each, Some(vec![5.0, 5.0, 5.0, 7.0, 7.0, 7.0]));
        let both: Vec<f32> = (0..6_u8).map(f32::from).collect();
        let table = last.spread(&[3, 2], &both);
        assert_eq!(table, Some(vec![0.0, 2.0, 4.0, 1.0, 3.0, 5.0]));
        assert_eq!(last.spread(&[4], &[0.0; 4]), None);
    }

    #[test]
    fn a_single_position_goes_with_all() {
        let (map, single) = (Form::map([4, 2, 3]), Form::map([4, 1, 1]));
        assert_eq!(map.combined(&single), Some(map.clone()));
        assert_eq!(single.combined(&map), Some(map.clone()));
        assert_eq!(map.combined(&map), Some(map.clone()));
        let vector = single.reshaped(&[1, 4]).expect("a vector");
        assert_eq!(map.combined(&vector), None);
        assert_eq!(map.combined(&Form::map([1, 2, 3])), None);
    }
}
