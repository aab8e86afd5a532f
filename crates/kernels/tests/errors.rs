//! What does not fit is an error.

mod oracle;

use std::sync::atomic::{AtomicUsize, Ordering};

use oneiric_kernels::{ConvWeights, Frozen, KernelError, Lrn, Node, Op, PadRule, ReluGradient};
use oracle::{Net, half, none};

fn net() -> Net {
    let mut net = Net::new(3, 1);
    let x = net.conv(0, 4, 5, 2, none);
    let x = net.relu(x);
    net.pool(x, 3, 2, none);
    net
}

#[test]
fn wrong_lengths() {
    let network = net().frozen();
    let input = vec![0.5; 3 * 20 * 20];
    let length = |result: Result<_, KernelError>| matches!(result, Err(KernelError::Length { .. }));
    assert!(length(
        network.forward(&input[1..], [1, 3, 20, 20], &[2]).map(drop)
    ));
    assert!(length(
        network.forward(&input, [2, 3, 20, 20], &[2]).map(drop)
    ));
    let run = network
        .forward(&input, [1, 3, 20, 20], &[2, 3])
        .expect("it fits");
    assert!(length(
        run.input_gradient(&[], ReluGradient::Plain).map(drop)
    ));
    assert!(length(
        run.input_gradient(&[None, Some(&[1.0])], ReluGradient::Plain)
            .map(drop)
    ));
    assert!(length(run.write_output(0, &mut [0.0])));
    let none = run
        .input_gradient(&[None, None], ReluGradient::Plain)
        .expect("it fits");
    assert_eq!(none, vec![0.0; input.len()]);
}

#[test]
fn wrong_inputs() {
    let network = net().frozen();
    let input = vec![0.5; 3 * 20 * 20];
    assert!(matches!(
        network.forward(&input, [1, 4, 15, 20], &[2]),
        Err(KernelError::Mismatch { .. })
    ));
    assert!(matches!(
        network.forward(&input, [1, 3, 20, 20], &[9]),
        Err(KernelError::NoSuchNode { .. })
    ));
    for (h, w) in [(4, 40), (40, 4), (0, 9), (6, 6)] {
        let input = vec![0.5; 3 * h * w];
        let result = network.forward(&input, [1, 3, h, w], &[3]);
        assert!(
            matches!(result, Err(KernelError::ImageTooSmall { .. })),
            "{h}x{w}"
        );
    }
    let empty = network
        .forward(&[], [0, 3, 20, 20], &[3])
        .expect("no items");
    assert!(empty.output(0).is_empty());
    let none = empty
        .input_gradient(&[Some(&[])], ReluGradient::Plain)
        .expect("no items");
    assert!(none.is_empty());
}

#[test]
fn wrong_networks() {
    let conv = ConvWeights {
        out: 2,
        input: 3,
        kernel: 1,
        weight: &[0.0; 6],
        bias: &[0.0; 2],
    };
    let input = Node {
        op: Op::Input,
        inputs: vec![],
    };
    let with = |op: Op, inputs: &[usize], conv: ConvWeights<'_>| {
        let node = Node {
            op,
            inputs: inputs.to_vec(),
        };
        Frozen::new(vec![input.clone(), node], 3, &[conv]).map(drop)
    };
    let conv_op = |weights, stride| Op::Conv {
        weights,
        stride,
        pad: half,
        bias: true,
    };
    assert!(with(conv_op(0, 1), &[0], conv).is_ok());
    assert!(with(conv_op(1, 1), &[0], conv).is_err());
    assert!(with(conv_op(0, 0), &[0], conv).is_err());
    assert!(with(conv_op(0, 1), &[1], conv).is_err());
    assert!(with(conv_op(0, 1), &[0, 0], conv).is_err());
    assert!(with(Op::Input, &[], conv).is_err());
    assert!(with(Op::Concat, &[], conv).is_err());
    assert!(
        with(
            Op::MaxPool {
                kernel: 0,
                stride: 1,
                pad: half
            },
            &[0],
            conv
        )
        .is_err()
    );
    let lrn = Lrn {
        radius: 1,
        alpha: 1.0,
        beta: 1.0,
        bias: 0.0,
    };
    assert!(with(Op::Lrn(lrn), &[0], conv).is_err());
    assert!(
        with(
            conv_op(0, 1),
            &[0],
            ConvWeights {
                bias: &[0.0],
                ..conv
            }
        )
        .is_err()
    );
    assert!(
        with(
            conv_op(0, 1),
            &[0],
            ConvWeights {
                weight: &[0.0; 7],
                ..conv
            }
        )
        .is_err()
    );
    // As many values as the product of the shape, wrapped, or none, or one.
    let large = usize::MAX / 2 + 1;
    for (out, input, kernel) in [(2, 3, 0), (0, 3, 1), (2, 0, 1), (2, large, 1)] {
        for len in [0, 1] {
            let weight = vec![0.0; len];
            let bias = vec![0.0; out];
            let conv = ConvWeights {
                out,
                input,
                kernel,
                weight: &weight,
                bias: &bias,
            };
            let result = with(conv_op(0, 1), &[0], conv);
            let refused = matches!(
                result,
                Err(KernelError::Weights { .. } | KernelError::EmptyWeights { .. })
            );
            assert!(refused, "{conv:?}: {result:?}");
        }
    }
    // Large enough that twice as much, or the square, is more than a number can say.
    assert!(with(conv_op(0, large), &[0], conv).is_err());
    for (kernel, stride) in [(large, 1), (2, large)] {
        let pad = none;
        let pool = Op::MaxPool {
            kernel,
            stride,
            pad,
        };
        assert!(with(pool, &[0], conv).is_err());
    }
    let wide = Lrn {
        radius: large,
        bias: 1.0,
        ..lrn
    };
    assert!(with(Op::Lrn(wide), &[0], conv).is_err());
    let four = ConvWeights {
        input: 4,
        weight: &[0.0; 8],
        ..conv
    };
    assert!(matches!(
        with(conv_op(0, 1), &[0], four),
        Err(KernelError::Mismatch { .. })
    ));
    assert!(Frozen::new(vec![], 3, &[]).is_err());
    assert!(Frozen::new(vec![input.clone()], 0, &[]).is_err());
}

#[test]
fn lengths_that_no_number_can_say() {
    let network = net().frozen();
    for shape in [
        // The input, which wraps to nothing.
        [usize::MAX / 2 + 1, 3, 2, 2],
        // The sides of no items.
        [0, 3, 1, usize::MAX / 4],
        [0, 3, usize::MAX, usize::MAX],
    ] {
        let result = network.forward(&[], shape, &[1]);
        assert!(
            matches!(result, Err(KernelError::TooLarge { .. })),
            "{shape:?}"
        );
    }
    // Sides that can be, of tensors that cannot.
    let mut net = Net::new(1, 1);
    let wide = net.conv(0, 500, 1, 1, none);
    let shape = [0, 1, 1 << 28, 1 << 28];
    let result = net.frozen().forward(&[], shape, &[wide]);
    assert!(matches!(result, Err(KernelError::TooLarge { .. })));
}

#[test]
fn padding_is_bounded() {
    let paddings: [PadRule; 4] = [
        |_, _, _| (1_000, 0),
        |_, _, _| (0, 1_000),
        |_, _, _| (usize::MAX, 0),
        |_, _, _| (1, usize::MAX),
    ];
    for (number, pad) in paddings.into_iter().enumerate() {
        for pooled in [false, true] {
            let mut net = Net::new(3, 1);
            let x = if pooled {
                net.pool(0, 3, 1, pad)
            } else {
                net.conv(0, 4, 3, 1, pad)
            };
            let result = net.frozen().forward(&[0.0; 300], [1, 3, 10, 10], &[x]);
            let refused = matches!(result, Err(KernelError::Padding { node: 1, .. }));
            assert!(refused, "{number} {pooled}");
        }
    }
}

/// A padding rule that says something else whenever it is asked.
fn fickle(_: usize, _: usize, _: usize) -> (usize, usize) {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    (ASKED.fetch_add(1, Ordering::Relaxed), 0)
}

#[test]
fn padding_is_asked_for_once() {
    let mut net = Net::new(3, 1);
    let x = net.conv(0, 4, 3, 1, fickle);
    let input = net.noise(300);
    let network = net.frozen();
    // No rows and one column.
    for _ in 0..2 {
        let run = network.forward(&input, [1, 3, 10, 10], &[x]).expect("fits");
        assert_eq!(run.shape(0), [1, 4, 8, 9]);
        let gradient = vec![1.0; 4 * 8 * 9];
        run.input_gradient(&[Some(&gradient)], ReluGradient::Plain)
            .expect("fits");
    }
    assert_eq!(fickle(0, 0, 0), (2, 0));
}

#[test]
fn nothing_wanted() {
    let mut blocked = Net::new(3, 1);
    blocked.relu(0);
    let mut wide = Net::new(20, 1);
    wide.conv(0, 4, 3, 1, half);
    for net in [net(), blocked, wide] {
        let channels = net.channels[0];
        let input = vec![0.5; channels * 25];
        let run = net.frozen().forward(&input, [1, channels, 5, 5], &[]);
        let gradient = run.expect("fits").input_gradient(&[], ReluGradient::Plain);
        assert_eq!(gradient.expect("fits"), vec![0.0; input.len()]);
    }
}

#[test]
fn networks_and_runs_go_between_threads() {
    fn check<T: Send + Sync>() {}
    check::<Frozen>();
    check::<oneiric_kernels::Run>();
}
