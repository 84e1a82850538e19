//! A model's stored arrays, taken one by one and checked on the way.

use super::ModelError;

/// A named array as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedTensor {
    pub name: String,
    pub shape: Vec<usize>,
    pub data: LoadedData,
}

#[derive(Debug, Clone, PartialEq)]
pub enum LoadedData {
    F32(Vec<f32>),
    U32(Vec<u32>),
    U64(Vec<u64>),
}

/// The arrays that are still to be taken.
pub struct Arrays(Vec<LoadedTensor>);

impl Arrays {
    pub fn new(tensors: Vec<LoadedTensor>) -> Self {
        Self(tensors)
    }

    /// Those whose names begin with `prefix`, without it.
    pub fn below(&mut self, prefix: &str) -> Vec<LoadedTensor> {
        let (below, rest) =
            std::mem::take(&mut self.0).into_iter().partition(|tensor| tensor.name.starts_with(prefix));
        self.0 = rest;
        let shortened =
            |tensor: LoadedTensor| LoadedTensor { name: tensor.name[prefix.len()..].to_owned(), ..tensor };
        Vec::into_iter(below).map(shortened).collect()
    }

    /// Whether an array is still there: what later versions of a model added may be missing.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|tensor| tensor.name == name)
    }

    fn take(&mut self, name: &str) -> Result<LoadedTensor, ModelError> {
        let at = self.0.iter().position(|tensor| tensor.name == name);
        at.map(|at| self.0.swap_remove(at))
            .ok_or_else(|| ModelError::Damaged(format!("the array “{name}” is missing")))
    }

    /// Shape and numbers of `name`; every number must be finite.
    pub fn f32(&mut self, name: &str) -> Result<(Vec<usize>, Vec<f32>), ModelError> {
        match self.take(name)? {
            LoadedTensor { shape, data: LoadedData::F32(data), .. }
                if data.iter().all(|number| number.is_finite())
                    && shape.iter().product::<usize>() == data.len() =>
            {
                Ok((shape, data))
            }
            _ => Err(ModelError::Damaged(format!("the array “{name}” holds something else"))),
        }
    }

    pub fn u32(&mut self, name: &str) -> Result<Vec<u32>, ModelError> {
        match self.take(name)?.data {
            LoadedData::U32(data) => Ok(data),
            _ => Err(ModelError::Damaged(format!("the array “{name}” holds something else"))),
        }
    }

    pub fn u64(&mut self, name: &str) -> Result<Vec<u64>, ModelError> {
        match self.take(name)?.data {
            LoadedData::U64(data) => Ok(data),
            _ => Err(ModelError::Damaged(format!("the array “{name}” holds something else"))),
        }
    }
}
