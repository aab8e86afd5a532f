//! Networks in ONNX files against numbers that another program computed of them.
//!
//! Beside each `NAME.onnx` lies `NAME.safetensors` with `image`, [1, 3, height, width], which goes
//! into the network as it is, and tensors under their ONNX names; `scores` are the class scores.
//! A line a network says what is missing of it, what runs it, and the largest difference of any
//! tensor as a share of the tensor's largest value.
//!
//! ```sh
//! cargo run --release -p oneiric-benches --example compare_onnx -- FILE.onnx...
//! ```

use std::{error::Error, path::Path, time::Instant};

use oneiric::{
    NetworkExt, OnnxNetwork,
    burn::tensor::{Device, Tensor, TensorData},
    default_device,
    model::{LayerId, Preprocessing, ReluGradient},
    weights::HostTensor,
};

fn main() -> Result<(), Box<dyn Error>> {
    let device = default_device()?;
    println!("network | layers | missing | kernels | tensors | worst | of | forward");
    println!("--- | --- | --- | --- | --- | --- | --- | ---");
    for file in std::env::args().skip(1) {
        match compare(Path::new(&file), &device) {
            Ok(line) => println!("{line}"),
            Err(error) => println!("{file}: {error}"),
        }
    }
    Ok(())
}

fn compare(file: &Path, device: &Device) -> Result<String, Box<dyn Error>> {
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let numbers = oneiric::weights::read(file.with_extension("safetensors"))?.tensors;
    let net = OnnxNetwork::open(file, Preprocessing::none(3), device)?;
    let image = numbers.get("image").ok_or("no image")?;
    let lengths: [usize; 4] = image.shape[..].try_into()?;
    let data = TensorData::new(image.values.clone(), lengths);
    let image: Tensor<4> = Tensor::from_data(data, device);
    let (mut worst, mut of, mut count) = (0.0_f32, String::new(), 0);
    let mut seconds = f64::MAX;
    for (tensor, expected) in &numbers {
        let layer = match tensor.as_str() {
            "image" => continue,
            "scores" => net.logits().ok_or("no layer of class scores")?,
            tensor => net.layer(tensor)?,
        };
        let began = Instant::now();
        let off = difference(&net, &image, layer, expected)?;
        seconds = seconds.min(began.elapsed().as_secs_f64());
        count += 1;
        if off > worst || off.is_nan() {
            (worst, of) = (off, tensor.clone());
        }
    }
    let missing: Vec<String> = net.missing().iter().map(ToString::to_string).collect();
    let reason = net.graph_network().burn_reason();
    let kernels = reason.map_or_else(|| "yes".to_owned(), |reason| reason.to_string());
    Ok(format!(
        "{name} | {} | {} | {kernels} | {count} | {worst:.1e} | {of} | {seconds:.2} s",
        net.layers().len(),
        if missing.is_empty() {
            "nothing".to_owned()
        } else {
            missing.join(", ")
        },
    ))
}

fn difference(
    net: &OnnxNetwork,
    image: &Tensor<4>,
    layer: LayerId,
    expected: &HostTensor,
) -> Result<f32, Box<dyn Error>> {
    let found = net.forward_to(image.clone(), &[layer], ReluGradient::Plain);
    let found = found.into_iter().next().ok_or("no tensor")?;
    let found: Vec<f32> = found.into_data().try_into_vec::<f32>()?;
    if found.len() != expected.values.len() {
        return Err(format!("{} values, not {:?}", found.len(), expected.shape).into());
    }
    let largest = expected
        .values
        .iter()
        .fold(0.0_f32, |most, x| most.max(x.abs()));
    let differences = found.iter().zip(&expected.values);
    let worst = differences
        .map(|(a, b)| (a - b).abs())
        .fold(0.0_f32, f32::max);
    Ok(worst / largest)
}
