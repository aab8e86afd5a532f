//! The names that a layer goes by in PyTorch.

use oneiric_weights::onnx::Node;

/// Returns the module path of a node: `layer3.1.conv2`, if the exporter has left it in the node.
pub(crate) fn module_path(node: &Node) -> Option<String> {
    let scopes = node.metadata.iter();
    let mut scopes = scopes.filter(|(key, _)| key == "pkg.torch.onnx.name_scopes");
    if let Some((_, scopes)) = scopes.next() {
        return of_scopes(scopes);
    }
    let output = node.outputs.first()?;
    of_tensor(output)
}

/// The path in a list such as `['', 'layer1', 'layer1.0', 'layer1.0.conv1', 'conv2d_2']`, whose last
/// entry is the node itself.
fn of_scopes(scopes: &str) -> Option<String> {
    let parts: Vec<&str> = scopes.split('\'').skip(1).step_by(2).collect();
    let path = parts.get(parts.len().checked_sub(2)?)?;
    (!path.is_empty()).then(|| (*path).to_owned())
}

/// The path in a tensor's name such as `/layer3/layer3.1/conv2/Conv_output_0`, whose last part is
/// the operator. A part repeats the one before it if it is numbered in it.
fn of_tensor(name: &str) -> Option<String> {
    let mut parts: Vec<&str> = name.strip_prefix('/')?.split('/').collect();
    parts.pop()?;
    let mut path: Vec<&str> = Vec::new();
    for part in parts {
        let is_numbered = path.last().is_some_and(|last| {
            let rest = part.strip_prefix(last);
            rest.is_some_and(|rest| rest.starts_with('.'))
        });
        if is_numbered {
            path.pop();
        }
        path.push(part);
    }
    (!path.is_empty()).then(|| path.join("."))
}

#[cfg(test)]
mod tests {
    use super::{of_scopes, of_tensor};

    #[test]
    fn paths_are_those_of_pytorch() {
        let path = |name: &str| of_tensor(name).unwrap_or_default();
        assert_eq!(
            path("/layer3/layer3.1/conv2/Conv_output_0"),
            "layer3.1.conv2"
        );
        assert_eq!(
            path("/features/features.0/features.0.0/Conv_output_0"),
            "features.0.0"
        );
        assert_eq!(path("/conv1/Conv_output_0"), "conv1");
        assert_eq!(path("/Flatten_output_0"), "");
        assert_eq!(path("relu_1"), "");
        let scopes = "['', 'layer1', 'layer1.0', 'layer1.0.conv1', 'conv2d_2']";
        assert_eq!(of_scopes(scopes).as_deref(), Some("layer1.0.conv1"));
        assert_eq!(of_scopes("['', 'relu']"), None);
        assert_eq!(of_scopes(""), None);
    }
}
