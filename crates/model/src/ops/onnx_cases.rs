//! ONNX's own operator cases by burn's operations: each float input of each case in turn takes the
//! place of the image, the others are constants, and the output and the input's gradient are held
//! against the file's numbers and the operators' definitions.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use burn::tensor::{Device, Tensor};
use oneiric_graph::{NodeId, Op, ReluGradient, oracle};
use oneiric_onnx::import_with;
use oneiric_testkit::{Array, devices};
use oneiric_weights::onnx::{self, Values};

use super::testing::run;
use crate::GraphNetwork;

fn numbered(folder: &Path, kind: &str) -> Vec<onnx::Tensor> {
    let path = |at: usize| folder.join(format!("{kind}_{at}.pb"));
    let files = (0..).map(path).take_while(|path| path.exists());
    let read = |path: PathBuf| onnx::parse_tensor(&fs::read(path).expect("a file"));
    files.map(|path| read(path).expect("a tensor")).collect()
}

/// Returns the largest difference as a share of the largest of both values, 0 for none.
fn difference(found: &[f32], expected: &[f32]) -> f32 {
    let finite = |value: &&f32| value.is_finite();
    let largest = expected.iter().filter(finite).map(|value| value.abs());
    let largest = largest.fold(1e-3_f32, f32::max);
    let pairs = found.iter().zip(expected);
    let differences = pairs.map(|(found, expected)| {
        let same = found == expected || (found.is_nan() && expected.is_nan());
        let difference = (found - expected).abs() / largest;
        match (same, difference.is_nan()) {
            (true, _) => 0.0,
            (false, true) => f32::INFINITY,
            (false, false) => difference,
        }
    });
    differences.fold(0.0, f32::max)
}

/// Checks a case on a device, unless it has no float input to look into, and counts the outputs.
///
/// # Errors
///
/// Returns the reason if an output or a gradient is wrong.
fn check(folder: &Path, device: &Device, count: &mut usize) -> Result<(), String> {
    let model = onnx::read(folder.join("model.onnx")).expect("a model");
    let data = folder.join("test_data_set_0");
    let names = model.graph.inputs.iter().map(|input| input.name.clone());
    let inputs: Vec<onnx::Tensor> = numbered(&data, "input")
        .into_iter()
        .zip(names)
        .map(|(tensor, name)| onnx::Tensor { name, ..tensor })
        .collect();
    let outputs = numbered(&data, "output");
    for (at, input) in inputs.iter().enumerate() {
        let Values::Float(values) = &input.values else {
            continue;
        };
        if values.is_empty() {
            continue;
        }
        let others = inputs.iter().enumerate().filter(|(other, _)| *other != at);
        let mut others: Vec<onnx::Tensor> = others.map(|(_, tensor)| tensor.clone()).collect();
        // Without a given input, only an image would do.
        others.push(onnx::Tensor {
            name: "unused".to_owned(),
            ..input.clone()
        });
        let mut alone = model.clone();
        alone.graph.inputs.retain(|found| found.name == input.name);
        let Ok(import) = import_with(&alone, &others) else {
            continue;
        };
        let shape = import.graph.shape(import.graph.input(), import.image);
        let shape = shape.expect("the image's");
        let is_flat = shape == oneiric_graph::Shape::new(1, [1, values.len()]);
        if !import.missing.is_empty() || !(is_flat || shape.lengths() == input.shape) {
            continue;
        }
        let weights: Vec<Vec<f32>> = import
            .graph
            .weights()
            .iter()
            .map(|weight| import.weights[&weight.name].values.clone())
            .collect();
        let image = oracle::Tensor::new(
            shape,
            values.iter().map(|value| f64::from(*value)).collect(),
        );
        let tensors = oracle::forward(&import.graph, &weights, image);
        let Ok(net) = GraphNetwork::new(import.graph.clone(), import.weights.clone(), device)
        else {
            continue;
        };
        for (output, expected) in model.graph.outputs.iter().zip(&outputs) {
            let mut nodes = import.graph.nodes().iter();
            let node = nodes.position(|node| node.name == output.name);
            let (Some(node), Values::Float(expected)) = (node, &expected.values) else {
                continue;
            };
            let is_input = matches!(import.graph.nodes()[node].op, Op::Input(_));
            if is_input || expected.is_empty() {
                continue;
            }
            *count += 1;
            let node = NodeId::new(node);
            let images = Array::new(shape.lengths(), values.clone());
            let images: Tensor<4> = images.tensor(device);
            let images = images.autodiff().require_grad();
            let found = run(&net, images.clone(), node, ReluGradient::Plain);
            let upstream = Array::noise(found.dims(), 7);
            let loss = (found.clone() * upstream.tensor(device)).sum();
            let gradient = images.grad_remove(&mut loss.backward());
            let gradient = gradient.map(Array::of);
            let found = Array::of(found);
            if found.values.len() != expected.len() {
                return Err(format!("{} values", found.values.len()));
            }
            let off = difference(&found.values, expected);
            // ONNX's own tests allow 1e-3.
            if off > 1e-3 {
                return Err(format!("input {at}: the output is {off:e} off"));
            }
            let whole = &tensors[node.index()];
            let upstream = upstream.values.iter().map(|value| f64::from(*value));
            let given = oracle::Tensor::new(whole.shape, upstream.collect());
            let wanted = oracle::input_gradient(
                &import.graph,
                &weights,
                &tensors,
                &[(node, given)],
                ReluGradient::Plain,
            );
            let wanted: Vec<f32> = wanted.values.iter().map(|value| *value as f32).collect();
            let gradient = gradient.map_or_else(|| vec![0.0; values.len()], |found| found.values);
            let off = difference(&gradient, &wanted);
            if off > 1e-3 {
                let bad = |values: &[f32]| values.iter().filter(|v| v.is_nan()).count();
                return Err(format!(
                    "input {at}: the gradient is {off:e} off, NaN found {} wanted {}",
                    bad(&gradient),
                    bad(&wanted)
                ));
            }
        }
    }
    Ok(())
}

#[test]
fn cases_of_onnx_are_computed_with_their_gradients() {
    let nodes = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/onnx/nodes");
    if !nodes.is_dir() {
        println!("skipped: ../shared is not on this machine");
        return;
    }
    let entries = fs::read_dir(&nodes).expect("a folder");
    let folders: BTreeSet<PathBuf> = entries.map(|entry| entry.expect("one").path()).collect();
    for (backend, device) in devices() {
        let mut wrong = BTreeMap::new();
        let mut count = 0;
        let began = std::time::Instant::now();
        // Software Vulkan compiles shaders for minutes; a quarter of the cases has every operator.
        let every = if backend.is_host() { 1 } else { 4 };
        for folder in folders.iter().step_by(every) {
            let name = folder.file_name().expect("a name").to_string_lossy();
            let found = catch_unwind(AssertUnwindSafe(|| check(folder, &device, &mut count)));
            let found = found.unwrap_or_else(|_| Err("a panic".to_owned()));
            if let Err(reason) = found {
                wrong.insert(name.into_owned(), reason);
            }
        }
        println!("{backend}: {count} outputs, {:?}", began.elapsed());
        for (name, reason) in &wrong {
            println!("{backend}: {name}: {reason}");
        }
        assert!(wrong.is_empty(), "{} cases are wrong", wrong.len());
        assert!(count >= 250 / every, "only {count} outputs were compared");
    }
}
