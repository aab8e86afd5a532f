//! Parts of maps.

use burn::tensor::{Int, Tensor, TensorData};
use oneiric_graph::Crop;

use super::{BurnOp, Inputs, Pass, Value};

impl BurnOp for Crop {
    fn run(&self, mut inputs: Inputs<'_>, _: &Pass<'_>) -> Value {
        let mut map = inputs.take_maps(0);
        let [images, channels, height, width] = map.dims();
        let [rows, columns] = self.positions([height, width]);
        if let Some(chosen) = &self.channels {
            let numbers: Vec<i32> = chosen.iter().map(|&channel| channel as i32).collect();
            let data = TensorData::new(numbers, [chosen.len()]);
            let chosen: Tensor<1, Int> = Tensor::from_data(data, inputs.device());
            map = map.select(1, chosen);
        }
        let channels = self.channels.as_ref().map_or(channels, Vec::len);
        inputs.maps(map.slice([0..images, 0..channels, rows, columns]))
    }
}

#[cfg(test)]
mod tests {
    use oneiric_graph::Crop;

    use crate::ops::testing::check;

    #[test]
    fn it_is_its_definition() {
        for crop in [
            Crop {
                channels: Some(vec![4, 1, 1]),
                ..Crop::default()
            },
            Crop {
                rows: Some(1..3),
                columns: Some(2..4),
                ..Crop::default()
            },
        ] {
            check("crop", 5, &[[3, 4]], |net| {
                net.node("crop", crop, &[net.input()])
            });
        }
    }
}
