//! Two panels of points on logarithmic axes, as SVG.

use std::fmt::Write as _;

/// Width and height of a panel, and the margin around it.
const PANEL: [f64; 2] = [360.0, 260.0];
const MARGIN: f64 = 56.0;

/// Points of a name and a color.
pub(crate) struct Series {
    pub(crate) name: &'static str,
    pub(crate) color: &'static str,
    pub(crate) points: Vec<[f64; 2]>,
}

/// A panel: what its axes show, and what is in it.
pub(crate) struct Panel {
    pub(crate) x: &'static str,
    pub(crate) y: &'static str,
    pub(crate) series: Vec<Series>,
}

/// The panels side by side.
pub(crate) fn svg(panels: &[Panel]) -> String {
    let width = panels.len() as f64 * (PANEL[0] + 1.5 * MARGIN) + 0.5 * MARGIN;
    let height = PANEL[1] + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for (index, panel) in panels.iter().enumerate() {
        let left = MARGIN + index as f64 * (PANEL[0] + 1.5 * MARGIN);
        panel.draw(left, MARGIN, &mut svg);
    }
    svg + "</svg>\n"
}

impl Panel {
    fn draw(&self, left: f64, top: f64, svg: &mut String) {
        let decades = [0, 1].map(|axis| self.decades(axis));
        let place = |point: [f64; 2]| {
            let share = |axis: usize| {
                let [first, last] = decades[axis].map(f64::from);
                (point[axis].log10() - first) / (last - first)
            };
            [
                left + share(0) * PANEL[0],
                top + (1.0 - share(1)) * PANEL[1],
            ]
        };
        let mut add = |text: String| svg.push_str(&text);
        for axis in [0, 1] {
            for decade in decades[axis][0]..=decades[axis][1] {
                let value = 10_f64.powi(decade);
                let mut from = decades.map(|decades| 10_f64.powi(decades[0]));
                let mut to = decades.map(|decades| 10_f64.powi(decades[1]));
                (from[axis], to[axis]) = (value, value);
                let ([x1, y1], [x2, y2]) = (place(from), place(to));
                add(line(&[[x1, y1], [x2, y2]], "#dddddd"));
                let (x, y, anchor) = match axis {
                    0 => (x1, y1 + 16.0, "middle"),
                    _ => (x1 - 6.0, y1 + 4.0, "end"),
                };
                add(text(x, y, anchor, &format!("{value}")));
            }
        }
        add(text(
            left + PANEL[0] / 2.0,
            top + PANEL[1] + 36.0,
            "middle",
            self.x,
        ));
        add(text(left, top - 12.0, "start", self.y));
        for (index, series) in self.series.iter().enumerate() {
            let points: Vec<_> = series.points.iter().map(|&point| place(point)).collect();
            add(line(&points, series.color));
            for [x, y] in points {
                let color = series.color;
                add(format!(
                    "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{color}\"/>\n"
                ));
            }
            let y = top + 18.0 + 18.0 * index as f64;
            let (x, color) = (left + 16.0, series.color);
            add(format!(
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"4\" fill=\"{color}\"/>\n"
            ));
            add(text(x + 10.0, y + 4.0, "start", series.name));
        }
    }

    /// The powers of ten around all points.
    fn decades(&self, axis: usize) -> [i32; 2] {
        let points = self.series.iter().flat_map(|series| &series.points);
        let logs = points.map(|point| point[axis].log10());
        let (low, high) = logs.fold((f64::MAX, f64::MIN), |(low, high), log| {
            (low.min(log), high.max(log))
        });
        [
            low.floor() as i32,
            (high.ceil() as i32).max(low.floor() as i32 + 1),
        ]
    }
}

fn line(points: &[[f64; 2]], color: &str) -> String {
    let mut path = String::new();
    for [x, y] in points {
        // Writing to a String does not fail.
        let _ = write!(path, "{x:.1},{y:.1} ");
    }
    format!("<polyline points=\"{path}\" fill=\"none\" stroke=\"{color}\"/>\n")
}

fn text(x: f64, y: f64, anchor: &str, text: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>\n")
}
