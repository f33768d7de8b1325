//! The report as a workbook: one sheet a table, numbers as numbers.

use hall_metrics::MonthReport;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet};

use crate::RenderError;
use crate::sheet::{Cell, Section};
use crate::words::Lang;

struct Styles {
    head: Format,
    share: Format,
    change: Format,
    number: Format,
    duration: Format,
}

/// The same report gives the same bytes: the time written into the file is the report's.
pub(crate) fn write(
    report: &MonthReport,
    sections: &[Section],
    lang: Lang,
) -> Result<Vec<u8>, RenderError> {
    let styles = Styles {
        head: Format::new().set_bold().set_text_wrap(),
        share: Format::new().set_num_format("0.00%"),
        change: Format::new().set_num_format("+0.00;-0.00;0.00"),
        number: Format::new().set_num_format("0.00"),
        duration: Format::new().set_num_format("[h]:mm:ss"),
    };
    let mut workbook = Workbook::new();
    let made = ExcelDateTime::from_timestamp(report.until_ms / 1000)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    for section in sections {
        let sheet = workbook.add_worksheet();
        sheet.set_name(section.title)?;
        fill(sheet, section, &styles, lang)?;
    }
    Ok(workbook.save_to_buffer()?)
}

fn fill(
    sheet: &mut Worksheet,
    section: &Section,
    styles: &Styles,
    lang: Lang,
) -> Result<(), RenderError> {
    for (column, head) in (0_u16..).zip(&section.columns) {
        sheet.write_string_with_format(0, column, *head, &styles.head)?;
        sheet.set_column_width(column, if column == 0 { 28 } else { 16 })?;
    }
    sheet.set_freeze_panes(1, 1)?;
    let mut row = 1_u32;
    for cells in &section.rows {
        for (column, cell) in (0_u16..).zip(cells) {
            match cell {
                // Strings are never taken for formulas.
                Cell::Text(text) => sheet.write_string(row, column, text)?,
                Cell::Count(n) => sheet.write_number(row, column, *n as f64)?,
                Cell::Number(Some(v)) => {
                    sheet.write_number_with_format(row, column, *v, &styles.number)?
                }
                Cell::Share(Some(v)) => {
                    sheet.write_number_with_format(row, column, *v, &styles.share)?
                }
                Cell::Change(Some(v)) => {
                    sheet.write_number_with_format(row, column, v * 100.0, &styles.change)?
                }
                Cell::Seconds(Some(s)) => {
                    sheet.write_number_with_format(row, column, s / 86_400.0, &styles.duration)?
                }
                _ => sheet.write_string(row, column, cell.show(lang))?,
            };
        }
        row += 1;
    }
    if let Some(note) = section.note {
        sheet.write_string(row + 1, 0, note)?;
    }
    Ok(())
}
