//! Writes a sample shop as a folder of CSV files, one for each table.

use super::{PerTable, ShopWriter, WriteError, text_of_time};
use crate::sample_shop::schema::{Cell, Table};
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

pub struct Csv {
    files: PerTable<csv::Writer<BufWriter<File>>>,
    place: String,
}

impl Csv {
    pub fn create(dir: &Path) -> Result<Self, WriteError> {
        let place = dir.display().to_string();
        let failed = |e: std::io::Error| WriteError::Failed { place: place.clone(), reason: e.to_string() };
        std::fs::create_dir_all(dir).map_err(failed)?;
        for table in Table::ALL {
            if dir.join(file_name(table)).exists() {
                return Err(WriteError::Occupied { place, what: format!("a file {}", file_name(table)) });
            }
        }
        let open = |table: Table| -> Result<_, WriteError> {
            let file = File::create_new(dir.join(file_name(table))).map_err(failed)?;
            let mut writer = csv::Writer::from_writer(BufWriter::with_capacity(1 << 16, file));
            writer
                .write_record(table.columns().iter().map(|column| column.name))
                .map_err(|e| failed(e.into()))?;
            Ok(writer)
        };
        let [a, b, c, d] = Table::ALL;
        let files = PerTable([open(a)?, open(b)?, open(c)?, open(d)?]);
        Ok(Self { files, place })
    }
}

impl ShopWriter for Csv {
    fn row(&mut self, table: Table, cells: &[Cell<'_>]) -> Result<(), WriteError> {
        let file = self.files.of(table);
        let mut write = || -> csv::Result<()> {
            for cell in cells {
                match cell {
                    Cell::Null => file.write_field("")?,
                    Cell::Text(text) => file.write_field(text)?,
                    Cell::Number(number) => file.write_field(number.to_string())?,
                    Cell::Amount(amount) => file.write_field(amount.to_string())?,
                    Cell::Time(time) => file.write_field(text_of_time(*time))?,
                    Cell::Truth(truth) => file.write_field(if *truth { "1" } else { "0" })?,
                }
            }
            file.write_record(None::<&[u8]>)
        };
        write().map_err(|e| WriteError::Failed { place: self.place.clone(), reason: e.to_string() })
    }

    fn finish(self: Box<Self>) -> Result<(), WriteError> {
        let place = self.place;
        for mut file in self.files.0 {
            file.flush().map_err(|e| WriteError::Failed { place: place.clone(), reason: e.to_string() })?;
        }
        Ok(())
    }
}

fn file_name(table: Table) -> String {
    format!("{}.csv", table.name())
}
