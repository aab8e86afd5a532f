//! Attention and rotary embeddings.

use oneiric_graph::{
    Binary, Concat, Generate, MatMul, Number, Rearrange, Reduce, Reduction, Reshape, Select,
    ShapeOf, Softmax, Unary,
};

use super::Outputs;
use crate::{
    arguments::{Arguments, Reason},
    constant::{Constant, Kind},
    importer::{Importer, Input},
};

/// What is added to masked products where a softmax cannot take minus infinity.
const LOWEST: f64 = -1e30;

pub(super) fn lower(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
) -> Result<Option<Outputs>, Reason> {
    match arguments.node.op_type.as_str() {
        "Attention" if arguments.node.domain != "com.microsoft" => {
            attention(importer, arguments).map(Some)
        }
        "RotaryEmbedding" if arguments.node.domain != "com.microsoft" => {
            rotary(importer, arguments).map(|output| Some(vec![Some(output)]))
        }
        _ => Ok(None),
    }
}

fn vector(values: &[i64]) -> Input {
    Input::Constant(Constant::vector(values))
}

fn scalar(value: f64) -> Input {
    Input::Constant(Constant::scalar(value))
}

fn transpose(importer: &mut Importer, x: Input, order: &[usize]) -> Result<Input, Reason> {
    let permutation = Some(order.to_vec());
    importer.add(Rearrange::Transpose { permutation }, &[x])
}

/// [n, tokens, heads * size] as [n, heads, tokens, size].
fn heads(importer: &mut Importer, x: Input, heads: i64) -> Result<Input, Reason> {
    if importer.axes(&x) != 3 {
        return Ok(x);
    }
    if heads < 1 {
        return Err("three axes need the number of heads".to_owned());
    }
    let to = vector(&[0, 0, heads, -1]);
    let parts = importer.add(Reshape::To { zero_copies: true }, &[x, to])?;
    transpose(importer, parts, &[0, 2, 1, 3])
}

/// The length of an axis, without axes of its own.
fn length(importer: &mut Importer, x: &Input, axis: isize) -> Result<Input, Reason> {
    let shape = ShapeOf {
        start: axis,
        end: Some(axis + 1),
    };
    let length = importer.add_of(shape, std::slice::from_ref(x), Kind::Int)?;
    importer.add(Reshape::Squeeze { axes: None }, &[length])
}

/// The numbers from 0 up to a length.
fn count(importer: &mut Importer, length: Input) -> Result<Input, Reason> {
    importer.add(Generate::Range, &[scalar(0.0), length, scalar(1.0)])
}

/// The parts of an attention.
struct Parts {
    query: Input,
    key: Input,
    value: Input,
    past: Option<Input>,
}

fn attention(importer: &mut Importer, arguments: &Arguments<'_>) -> Result<Outputs, Reason> {
    let [query, key, value] = [
        arguments.input(0)?,
        arguments.input(1)?,
        arguments.input(2)?,
    ];
    let is_flat = importer.axes(&query) == 3;
    let query_heads = arguments.int("q_num_heads", 0);
    let key_heads = arguments.int("kv_num_heads", query_heads);
    let query = heads(importer, query, query_heads)?;
    let mut key = heads(importer, key, key_heads)?;
    let mut value = heads(importer, value, key_heads)?;
    let past = arguments.optional(4).cloned();
    if let (Some(past_key), Some(past_value)) = (past.clone(), arguments.optional(5).cloned()) {
        key = importer.add(Concat { axis: 2 }, &[past_key, key])?;
        value = importer.add(Concat { axis: 2 }, &[past_value, value])?;
    }
    let present = [key.clone(), value.clone()];
    let (all, own) = (importer.lengths(&query)[1], importer.lengths(&key)[1]);
    if own == 0 || !all.is_multiple_of(own) {
        return Err(format!("{all} heads of queries do not share {own} of keys"));
    }
    if all != own {
        // Each head of keys serves neighboring heads of queries.
        let places: Vec<i64> = (0..all).map(|head| (head / (all / own)) as i64).collect();
        for part in [&mut key, &mut value] {
            let gather = Rearrange::Gather { axis: 1 };
            *part = importer.add(gather, &[part.clone(), vector(&places)])?;
        }
    }
    let size = importer.lengths(&query)[3] as f64;
    let scale = match arguments.float("scale", 0.0) {
        0.0 => size.sqrt().recip(),
        scale => scale,
    };
    let root = scalar(scale.sqrt());
    let parts = Parts {
        query,
        key,
        value,
        past,
    };
    let scaled_query = importer.add(Binary::Mul, &[parts.query.clone(), root.clone()])?;
    let scaled_key = importer.add(Binary::Mul, &[parts.key.clone(), root])?;
    let turned = transpose(importer, scaled_key, &[0, 1, 3, 2])?;
    let mut products = importer.add(MatMul, &[scaled_query, turned])?;
    let mut modes = vec![products.clone()];
    let cap = arguments.float("softcap", 0.0);
    if cap > 0.0 {
        products = importer.add(Binary::Div, &[products, scalar(cap)])?;
        products = importer.add(Unary::Tanh, &[products])?;
        products = importer.add(Binary::Mul, &[products, scalar(cap)])?;
    }
    modes.push(products.clone());
    let bias = bias(importer, arguments, &parts)?;
    if let Some(bias) = &bias {
        products = importer.add(Binary::Add, &[products, bias.clone()])?;
    }
    modes.push(products.clone());
    let shares = if bias.is_some() {
        masked_softmax(importer, products)?
    } else {
        importer.add(Softmax { axis: 3 }, &[products])?
    };
    modes.push(shares.clone());
    let mut y = importer.add(MatMul, &[shares, parts.value])?;
    if is_flat {
        y = transpose(importer, y, &[0, 2, 1, 3])?;
        y = importer.add(Reshape::To { zero_copies: true }, &[y, vector(&[0, 0, -1])])?;
    }
    let mode = usize::try_from(arguments.int("qk_matmul_output_mode", 0)).unwrap_or(0);
    let [key, value] = present;
    let mode = modes.get(mode).cloned();
    Ok(vec![Some(y), Some(key), Some(value), mode])
}

/// The softmax of products of which some are minus infinity; 0 where all are.
fn masked_softmax(importer: &mut Importer, products: Input) -> Result<Input, Reason> {
    let low = Unary::Clip {
        low: Some(Number(LOWEST)),
        high: None,
    };
    let clipped = importer.add(low, &[products])?;
    let largest = Reduce {
        reduction: Reduction::Max,
        axes: Some(vec![3]),
        keep: true,
    };
    let largest = importer.add(largest, std::slice::from_ref(&clipped))?;
    let is_seen = importer.add(Binary::Greater, &[largest, scalar(LOWEST / 2.0)])?;
    let shares = importer.add(Softmax { axis: 3 }, &[clipped])?;
    importer.add_of(Binary::Mul, &[shares, is_seen], Kind::Float)
}

/// What is added to the products: masks as 0 and minus infinity.
fn bias(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
    parts: &Parts,
) -> Result<Option<Input>, Reason> {
    let mut all: Vec<Input> = Vec::new();
    let hidden = || scalar(f64::NEG_INFINITY);
    let keys = length(importer, &parts.key, 2)?;
    if let Some(mask) = arguments.optional(3) {
        let mask = mask.clone();
        let is_truth = importer.kind(&mask) == Kind::Bool;
        let mut mask = if is_truth {
            importer.add_of(Select, &[mask, scalar(0.0), hidden()], Kind::Float)?
        } else {
            mask
        };
        let mut lengths = importer.lengths(&mask);
        let all_keys = importer.lengths(&parts.key)[2];
        if let Some(last) = lengths.last_mut()
            && *last < all_keys
        {
            *last = all_keys - *last;
            let axis = lengths.len() as isize - 1;
            let shape = lengths
                .iter()
                .map(|length| *length as i64)
                .collect::<Vec<_>>();
            let fill = Generate::Fill {
                value: Number(f64::NEG_INFINITY),
            };
            let rest = importer.add_of(fill, &[vector(&shape)], Kind::Float)?;
            mask = importer.add(Concat { axis }, &[mask, rest])?;
        }
        all.push(mask);
    }
    let seen = arguments.optional(6).cloned();
    let places = count(importer, keys)?;
    let (left, right) = (
        arguments.int("left_window_size", -1),
        arguments.int("right_window_size", -1),
    );
    let is_causal = arguments.flag("is_causal");
    if is_causal || left >= 0 || right >= 0 {
        let queries = length(importer, &parts.query, 2)?;
        let rows = count(importer, queries.clone())?;
        let mut rows = importer.add(Reshape::Unsqueeze { axes: vec![1] }, &[rows])?;
        let before = match (&parts.past, &seen) {
            (Some(past), _) => Some(length(importer, past, 2)?),
            (None, Some(seen)) => {
                let before = importer.add(Binary::Sub, &[seen.clone(), queries])?;
                let axes = vec![1, 2, 3];
                Some(importer.add(Reshape::Unsqueeze { axes }, &[before])?)
            }
            (None, None) => None,
        };
        if let Some(before) = before {
            rows = importer.add(Binary::Add, &[rows, before])?;
        }
        let behind = importer.add(Binary::Sub, &[rows, places.clone()])?;
        let mut bound = |importer: &mut Importer, rule: Binary, bound: i64| {
            let allowed = importer.add(rule, &[behind.clone(), scalar(bound as f64)])?;
            let bias = importer.add_of(Select, &[allowed, scalar(0.0), hidden()], Kind::Float)?;
            all.push(bias);
            Ok::<(), Reason>(())
        };
        if is_causal {
            bound(importer, Binary::GreaterOrEqual, 0)?;
        }
        if left >= 0 {
            bound(importer, Binary::LessOrEqual, left)?;
        }
        if right >= 0 {
            bound(importer, Binary::GreaterOrEqual, -right)?;
        }
    }
    if let Some(seen) = seen {
        let axes = vec![1, 2, 3];
        let seen = importer.add(Reshape::Unsqueeze { axes }, &[seen])?;
        let allowed = importer.add(Binary::Less, &[places, seen])?;
        all.push(importer.add_of(Select, &[allowed, scalar(0.0), hidden()], Kind::Float)?);
    }
    let mut all = all.into_iter();
    let Some(mut bias) = all.next() else {
        return Ok(None);
    };
    for next in all {
        bias = importer.add(Binary::Add, &[bias, next])?;
    }
    Ok(Some(bias))
}

/// Pairs of values turned by the angle of their position:
/// `(x cos - y sin, x sin + y cos)`.
fn rotary(importer: &mut Importer, arguments: &Arguments<'_>) -> Result<Input, Reason> {
    let x = arguments.input(0)?;
    let shape = importer.add_of(ShapeOf::ALL, std::slice::from_ref(&x), Kind::Int)?;
    let is_flat = importer.axes(&x) == 3;
    let mut x = if is_flat {
        let to = vector(&[0, 0, arguments.int("num_heads", 0), -1]);
        importer.add(Reshape::To { zero_copies: true }, &[x, to])?
    } else {
        transpose(importer, x, &[0, 2, 1, 3])?
    };
    let size = importer.lengths(&x)[3] as i64;
    let turned = match arguments.int("rotary_embedding_dim", 0) {
        0 => size,
        turned => turned,
    };
    let part = |importer: &mut Importer, x: Input, from: i64, to: i64, step: i64| {
        let inputs = [
            x,
            vector(&[from]),
            vector(&[to]),
            vector(&[3]),
            vector(&[step]),
        ];
        importer.add(Rearrange::Slice, &inputs)
    };
    let rest = part(importer, x.clone(), turned, size, 1)?;
    x = part(importer, x, 0, turned, 1)?;
    let is_interleaved = arguments.flag("interleaved");
    let [a, b] = if is_interleaved {
        [
            part(importer, x.clone(), 0, turned, 2)?,
            part(importer, x, 1, turned, 2)?,
        ]
    } else {
        [
            part(importer, x.clone(), 0, turned / 2, 1)?,
            part(importer, x, turned / 2, turned, 1)?,
        ]
    };
    let angle = |importer: &mut Importer, at: usize| {
        let mut cache = arguments.input(at)?;
        if let Some(places) = arguments.optional(3) {
            let gather = Rearrange::Gather { axis: 0 };
            cache = importer.add(gather, &[cache, places.clone()])?;
        }
        importer.add(Reshape::Unsqueeze { axes: vec![2] }, &[cache])
    };
    let (cos, sin) = (angle(importer, 1)?, angle(importer, 2)?);
    let product = |importer: &mut Importer, x: &Input, y: &Input| {
        importer.add(Binary::Mul, &[x.clone(), y.clone()])
    };
    let [ac, bs] = [product(importer, &a, &cos)?, product(importer, &b, &sin)?];
    let [ays, bc] = [product(importer, &a, &sin)?, product(importer, &b, &cos)?];
    let real = importer.add(Binary::Sub, &[ac, bs])?;
    let imaginary = importer.add(Binary::Add, &[ays, bc])?;
    let whole = if is_interleaved {
        let apart = |importer: &mut Importer, x: Input| {
            importer.add(Reshape::Unsqueeze { axes: vec![4] }, &[x])
        };
        let pair = [apart(importer, real)?, apart(importer, imaginary)?];
        let pairs = importer.add(Concat { axis: 4 }, &pair)?;
        let to = vector(&[0, 0, 0, -1]);
        importer.add(Reshape::To { zero_copies: true }, &[pairs, to])?
    } else {
        importer.add(Concat { axis: 3 }, &[real, imaginary])?
    };
    let y = importer.add(Concat { axis: 3 }, &[whole, rest])?;
    if is_flat {
        return importer.add(Reshape::To { zero_copies: false }, &[y, shape]);
    }
    transpose(importer, y, &[0, 2, 1, 3])
}
