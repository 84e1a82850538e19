//! Models on disk: safetensors with a JSON header, published by rename, refused when they do not verify.
//!
//! Beside the model's own arrays a file holds both dictionaries: `customers` and `products` (all ids end to end) with
//! `customer_ends` and `product_ends`.

pub use super::live_model::{LiveModel, ModelHeader};

use crate::index::Index;
use crate::recommender::{self, LoadedData, LoadedTensor, Model, ModelError, TensorData};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

const HEADER: &str = "handpick";

#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    #[error("the model file {path} cannot be read or written: {reason}")]
    Io { path: PathBuf, reason: String },
    #[error("the model file {path} is missing; train again to replace it")]
    Missing { path: PathBuf },
    #[error("the model file {path} is damaged ({reason}); train again to replace it")]
    Damaged { path: PathBuf, reason: String },
}

impl ModelFileError {
    /// Whether reading it again would end the same.
    pub fn is_lasting(&self) -> bool {
        !matches!(self, Self::Io { .. })
    }
}

/// Writes `path` in one step and answers the SHA-256 of its bytes.
pub fn write(
    path: &Path,
    header: &ModelHeader,
    customers: &Index,
    products: &Index,
    model: &dyn Model,
) -> Result<String, ModelFileError> {
    let io = |reason: String| ModelFileError::Io { path: path.to_owned(), reason };
    let mut arrays: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
    for tensor in model.tensors() {
        let (kind, bytes) = match &tensor.data {
            TensorData::F32(data) => (Dtype::F32, data.iter().flat_map(|v| v.to_le_bytes()).collect()),
            TensorData::U32(data) => (Dtype::U32, data.iter().flat_map(|v| v.to_le_bytes()).collect()),
            TensorData::U64(data) => (Dtype::U64, data.iter().flat_map(|v| v.to_le_bytes()).collect()),
        };
        arrays.push((format!("model.{}", tensor.name), kind, tensor.shape, bytes));
    }
    for (name, ends_name, index) in
        [("customers", "customer_ends", customers), ("products", "product_ends", products)]
    {
        let (mut text, mut ends) = (Vec::new(), Vec::new());
        for id in index.ids() {
            text.extend_from_slice(id.as_bytes());
            ends.extend_from_slice(&(text.len() as u64).to_le_bytes());
        }
        arrays.push((name.into(), Dtype::U8, vec![text.len()], text));
        arrays.push((ends_name.into(), Dtype::U64, vec![index.len()], ends));
    }
    let views = arrays
        .iter()
        .map(|(name, kind, shape, bytes)| {
            TensorView::new(*kind, shape.clone(), bytes).map(|view| (name.as_str(), view))
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| io(error.to_string()))?;
    let header = serde_json::to_string(header).map_err(|error| io(error.to_string()))?;
    let metadata = HashMap::from([(HEADER.to_owned(), header)]);
    let bytes = safetensors::serialize(views, Some(metadata)).map_err(|error| io(error.to_string()))?;
    publish(path, &bytes).map_err(|error| io(error.to_string()))?;
    Ok(checksum(&bytes))
}

/// Beside `path` first, then renamed: a reader sees the whole file or none.
fn publish(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    #[cfg(unix)]
    std::fs::File::open(folder)?.sync_all()?;
    Ok(())
}

fn checksum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("invariant: writing to a string cannot fail");
        text
    })
}

/// Reads and verifies `path`; with `expected`, its SHA-256 must be this.
pub fn load(path: &Path, expected: Option<&str>) -> Result<LiveModel, ModelFileError> {
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => ModelFileError::Missing { path: path.to_owned() },
        _ => ModelFileError::Io { path: path.to_owned(), reason: error.to_string() },
    })?;
    let damaged = |reason: String| ModelFileError::Damaged { path: path.to_owned(), reason };
    if let Some(expected) = expected
        && checksum(&bytes) != expected
    {
        return Err(damaged("its checksum is not the one it was published with".into()));
    }
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|error| damaged(error.to_string()))?;
    let header = metadata.metadata().as_ref().and_then(|metadata| metadata.get(HEADER));
    let header = header.ok_or_else(|| damaged("it has no header".into()))?;
    let header: ModelHeader = serde_json::from_str(header).map_err(|error| damaged(error.to_string()))?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| damaged(error.to_string()))?;
    let mut arrays = Vec::new();
    for (name, view) in tensors.tensors() {
        if let Some(name) = name.strip_prefix("model.") {
            let data =
                data(&view).ok_or_else(|| damaged(format!("the array “{name}” has a strange type")))?;
            arrays.push(LoadedTensor { name: name.to_owned(), shape: view.shape().to_vec(), data });
        }
    }
    let customers = dictionary(&tensors, "customers", "customer_ends").map_err(damaged)?;
    let products = dictionary(&tensors, "products", "product_ends").map_err(damaged)?;
    let model =
        recommender::load(&header.kind, arrays).map_err(|error: ModelError| damaged(error.to_string()))?;
    if model.items() != products.len() {
        return Err(damaged("its products and its arrays are of different length".into()));
    }
    Ok(LiveModel { header, customers, products, model })
}

fn data(view: &TensorView<'_>) -> Option<LoadedData> {
    let bytes = view.data();
    Some(match view.dtype() {
        Dtype::F32 => LoadedData::F32(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()),
        Dtype::U32 => LoadedData::U32(bytes.as_chunks().0.iter().map(|b| u32::from_le_bytes(*b)).collect()),
        Dtype::U64 => LoadedData::U64(bytes.as_chunks().0.iter().map(|b| u64::from_le_bytes(*b)).collect()),
        _ => return None,
    })
}

fn dictionary(tensors: &SafeTensors<'_>, name: &str, ends_name: &str) -> Result<Index, String> {
    let text = tensors.tensor(name).map_err(|error| error.to_string())?;
    let ends = tensors.tensor(ends_name).map_err(|error| error.to_string())?;
    let Some(LoadedData::U64(ends)) = data(&ends) else {
        return Err(format!("“{ends_name}” is damaged"));
    };
    let text = std::str::from_utf8(text.data()).map_err(|error| error.to_string())?;
    let mut index = Index::new();
    let mut start = 0;
    for (at, end) in ends.into_iter().enumerate() {
        let id = text.get(start..end as usize).ok_or_else(|| format!("“{name}” is cut short"))?;
        if index.intern(id) as usize != at {
            return Err(format!("“{name}” holds an id twice"));
        }
        start = end as usize;
    }
    Ok(index)
}

#[cfg(test)]
pub fn tests_header() -> ModelHeader {
    ModelHeader {
        kind: "item_knn".into(),
        params: serde_json::json!({"kind": "item_knn", "a_name_of_long_ago": 3}),
        history_version: 3,
        cut_at: chrono::DateTime::UNIX_EPOCH,
        trained_at: chrono::DateTime::UNIX_EPOCH,
        seed: 1,
        metrics: serde_json::json!({ "k": 20 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;
    use crate::recommender::{Interactions, Params, Resources};

    fn written(folder: &Path) -> (PathBuf, String) {
        let bought = Interactions::from_triples(2, 2, [(0, 0, 1.0), (0, 1, 1.0), (1, 0, 1.0)]);
        let resources = Resources { seed: 1, max_memory_bytes: 1 << 30, progress: &Silent };
        let model = Params::default_of("item_knn").unwrap().fit(&bought, &resources).unwrap();
        let (customers, products) = (["ä", ""].iter().collect(), ["p1", "p2"].iter().collect());
        let path = folder.join("model.safetensors");
        let sum = write(&path, &tests_header(), &customers, &products, &*model).unwrap();
        (path, sum)
    }

    #[test]
    fn a_model_is_read_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let (path, sum) = written(folder.path());
        let live = load(&path, Some(&sum)).unwrap();
        assert_eq!(live.header, tests_header());
        assert_eq!(live.customers.ids().collect::<Vec<_>>(), ["ä", ""]);
        assert_eq!((live.products.number("p2"), live.model.items()), (Some(1), 2));
    }

    #[test]
    fn half_a_file_and_a_changed_byte_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (path, sum) = written(folder.path());
        let whole = std::fs::read(&path).unwrap();
        for cut in [0, 7, whole.len() / 2, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert!(matches!(load(&path, None), Err(ModelFileError::Damaged { .. })), "{cut} bytes");
        }
        let mut changed = whole;
        *changed.last_mut().unwrap() ^= 1;
        std::fs::write(&path, &changed).unwrap();
        assert!(matches!(load(&path, Some(&sum)), Err(ModelFileError::Damaged { .. })));
    }
}
