//! Charts, as files that a browser shows.

use std::ops::Range;
use std::path::Path;

use plotters::prelude::*;

use crate::fault::Fault;
use crate::table::digits;

/// A line of a chart.
pub(crate) struct Line {
    pub(crate) name: String,
    /// Lines of one subject have one colour.
    pub(crate) colour: usize,
    pub(crate) points: Vec<(f64, f64)>,
}

/// What stands around the lines.
pub(crate) struct Frame {
    pub(crate) title: String,
    pub(crate) across: &'static str,
    pub(crate) up: &'static str,
}

const SIZE: (u32, u32) = (900, 420);
/// Told apart also by those who do not tell red from green.
const COLOURS: [RGBColor; 4] =
    [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(86, 180, 233), RGBColor(230, 159, 0)];

/// Draws lines into a file.
pub(crate) fn draw(path: &Path, frame: &Frame, lines: &[Line]) -> Result<(), Fault> {
    let drawn = try_draw(path, frame, lines);
    drawn
        .map_err(|error| std::io::Error::other(error.to_string()))
        .map_err(Fault::machine(format!("draw {}", path.display())))
}

type Undrawn<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;

fn try_draw<'a>(path: &'a Path, frame: &Frame, lines: &[Line]) -> Result<(), Undrawn<'a>> {
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(&frame.title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(70)
        .build_cartesian_2d(extent(lines, |point| point.0), extent(lines, |point| point.1))?;
    let written = |value: &f64| digits(*value);
    let mut mesh = chart.configure_mesh();
    mesh.x_desc(frame.across).y_desc(frame.up).y_label_formatter(&written).light_line_style(WHITE).draw()?;
    for line in lines {
        let colour = COLOURS[line.colour % COLOURS.len()];
        let series = LineSeries::new(line.points.iter().copied(), colour.stroke_width(2));
        let legend = move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour.stroke_width(2));
        chart.draw_series(series.point_size(3))?.label(&line.name).legend(legend);
    }
    chart.configure_series_labels().background_style(WHITE.mix(0.8)).border_style(BLACK.mix(0.3)).draw()?;
    area.present()
}

/// From nothing to a little beyond the largest value.
fn extent(lines: &[Line], value: impl Fn(&(f64, f64)) -> f64) -> Range<f64> {
    let values = lines.iter().flat_map(|line| line.points.iter().map(&value));
    0.0..values.fold(0.0, f64::max).max(1e-3) * 1.05
}
