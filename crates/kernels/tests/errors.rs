//! What does not fit is an error.

mod oracle;

use oneiric_kernels::{ConvWeights, Frozen, KernelError, Lrn, Node, Op, ReluGradient};
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
fn networks_and_runs_go_between_threads() {
    fn check<T: Send + Sync>() {}
    check::<Frozen>();
    check::<oneiric_kernels::Run>();
}
