// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The two charts of the documentation: throughput and latency by size of request.

use crate::peers::{Level, Name};
use crate::rounds::Speeds;
use crate::sizes::{LARGEST, SIZES, Size};
use anyhow::Result;
use plotters::prelude::*;
use std::path::Path;

/// The peers that the charts show, and their colours.
const SHOWN: [(Name, RGBColor); 9] = [
    (Name::Ours(Level::Avx512vl), RGBColor(178, 24, 43)),
    (Name::Ours(Level::Avx2), RGBColor(229, 102, 26)),
    (Name::Ours(Level::Sse2), RGBColor(217, 160, 0)),
    (Name::CVdso, RGBColor(33, 33, 33)),
    (Name::Rand010, RGBColor(49, 130, 189)),
    (Name::Rand09, RGBColor(107, 174, 214)),
    (Name::ChaCha20Rng, RGBColor(35, 139, 69)),
    (Name::OpensslRand, RGBColor(136, 86, 167)),
    (Name::SystemCall, RGBColor(150, 150, 150)),
];

const PICTURE: (u32, u32) = (880, 560);

/// One kind of chart.
struct Kind {
    file: &'static str,
    title: &'static str,
    axis: &'static str,
    label: fn(f64) -> String,
    legend: SeriesLabelPosition,
    /// The charted value, from bytes and nanoseconds.
    value: fn(f64, f64) -> f64,
}

const KINDS: [Kind; 2] = [
    Kind {
        file: "throughput.svg",
        title: "Throughput by size of request",
        axis: "GB/s",
        label: |rate| rate.to_string(),
        legend: SeriesLabelPosition::LowerRight,
        value: |bytes, ns| bytes / ns,
    },
    Kind {
        file: "latency.svg",
        title: "Time of a call by size of request",
        axis: "time",
        label: duration,
        legend: SeriesLabelPosition::UpperLeft,
        value: |_, ns| ns,
    },
];

/// Writes both charts to `directory`.
///
/// # Errors
/// A file cannot be written.
pub fn draw(speeds: &Speeds, directory: &Path) -> Result<()> {
    KINDS.iter().try_for_each(|kind| draw_one(speeds, kind, &directory.join(kind.file)))
}

fn draw_one(speeds: &Speeds, kind: &Kind, file: &Path) -> Result<()> {
    let series: Vec<_> = SHOWN.iter().map(|(name, colour)| (name, colour, points(speeds, *name, kind.value))).collect();
    let (low, high) = range(series.iter().flat_map(|(_, _, points)| points).map(|(_, value)| *value));
    let root = SVGBackend::new(file, PICTURE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(kind.title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(64)
        .build_cartesian_2d((4.0..LARGEST as f64).log_scale().base(2.0), (low..high).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("bytes")
        .y_desc(kind.axis)
        .x_labels(10)
        .x_label_formatter(&|bytes| Size::Fixed(bytes.round() as usize).to_string())
        .y_label_formatter(&|value| (kind.label)(*value))
        .light_line_style(RGBColor(240, 240, 240))
        .bold_line_style(RGBColor(220, 220, 220))
        .draw()?;
    for (name, colour, points) in series.into_iter().filter(|(_, _, points)| !points.is_empty()) {
        let style = colour.stroke_width(if matches!(name, Name::Ours(_)) { 3 } else { 2 });
        let key = move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style);
        chart.draw_series(LineSeries::new(points, style))?.label(name.to_string()).legend(key);
    }
    chart.configure_series_labels().position(kind.legend.clone()).background_style(WHITE.mix(0.85)).draw()?;
    root.present()?;
    Ok(())
}

/// Formats a power of ten of nanoseconds in the largest fitting unit.
fn duration(ns: f64) -> String {
    let units = [("ms", 1e6), ("µs", 1e3), ("ns", 1.0)];
    let (unit, in_ns) = units.into_iter().find(|(_, in_ns)| ns >= *in_ns).unwrap_or(units[2]);
    format!("{} {unit}", (ns / in_ns).round())
}

/// Sizes and charted values of a peer's medians, by size; empty if the peer is absent.
fn points(speeds: &Speeds, name: Name, value: fn(f64, f64) -> f64) -> Vec<(f64, f64)> {
    let point = |size| match size {
        Size::Fixed(len) => Some((len as f64, value(len as f64, speeds.median(name, size)?))),
        Size::Mixed => None,
    };
    SIZES.into_iter().filter_map(point).collect()
}

/// The whole decades that contain all values.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) =
        values.fold((f64::MAX, f64::MIN_POSITIVE), |(low, high), value| (low.min(value), high.max(value)));
    let low = low.min(high);
    (10_f64.powf(low.log10().floor()), 10_f64.powf((high.log10()).ceil()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rounds::Cell;
    use crate::statistics::Samples;

    fn speeds() -> Speeds {
        let cell = |size, ns| Cell { peer: Name::CVdso, size, calls: 1, ns: Samples::new(vec![ns]) };
        let cells = vec![cell(Size::Fixed(4), 8.0), cell(Size::Fixed(1024), 512.0), cell(Size::Mixed, 9.0)];
        Speeds { cells, core_ghz: Samples::new(vec![1.0]) }
    }

    #[test]
    fn points_returns_medians_by_size() {
        assert_eq!(points(&speeds(), Name::CVdso, |bytes, ns| bytes / ns), [(4.0, 0.5), (1024.0, 2.0)]);
        assert_eq!(points(&speeds(), Name::Rand09, |bytes, ns| bytes / ns), []);
    }

    #[test]
    fn duration_chooses_the_unit_of_a_decade() {
        assert_eq!([1.0, 100.0, 1e3, 1e5, 1e7].map(duration), ["1 ns", "100 ns", "1 µs", "100 µs", "10 ms"]);
    }

    #[test]
    fn range_covers_all_values_in_whole_decades() {
        assert_eq!(range([0.02, 7.0].into_iter()), (0.01, 10.0));
        assert_eq!(range([3.0, 2e6].into_iter()), (1.0, 1e7));
    }

    #[test]
    fn draw_names_measured_peers_only() {
        let directory = tempfile::tempdir().unwrap();
        draw(&speeds(), directory.path()).unwrap();
        for kind in &KINDS {
            let svg = fs_err::read_to_string(directory.path().join(kind.file)).unwrap();
            assert!(svg.contains(kind.title) && svg.contains("C vDSO") && !svg.contains("rand 0.9"), "{svg}");
        }
    }
}
