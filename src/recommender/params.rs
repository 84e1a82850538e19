//! Parameters by name: what the command line and stored models speak of.

use super::models::{als, item_knn, popular};
use super::{Interactions, Model, ModelError, Params, Resources};
use std::str::FromStr;

impl Params {
    /// Every model, the baseline first.
    pub const KINDS: [&'static str; 3] = ["popular", "item_knn", "als"];

    /// The model's defaults.
    ///
    /// # Errors
    /// [`ModelError::UnknownModel`].
    pub fn default_of(kind: &str) -> Result<Self, ModelError> {
        match kind {
            "popular" => Ok(Self::Popular(popular::Params::default())),
            "item_knn" => Ok(Self::ItemKnn(item_knn::Params::default())),
            "als" => Ok(Self::Als(als::Params::default())),
            _ => Err(ModelError::UnknownModel(kind.to_owned(), Self::KINDS.join(", "))),
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Popular(_) => "popular",
            Self::ItemKnn(_) => "item_knn",
            Self::Als(_) => "als",
        }
    }

    /// Sets one parameter from text; whether its value can work is checked by [`Params::fit`].
    ///
    /// # Errors
    /// [`ModelError::UnknownParameter`], or [`ModelError::Parameter`] when `value` is not a number.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), ModelError> {
        match (self, key) {
            (Self::ItemKnn(params), "neighbours") => read("neighbours", value, &mut params.neighbours),
            (Self::ItemKnn(params), "shrinkage") => read("shrinkage", value, &mut params.shrinkage),
            (Self::ItemKnn(params), "user_damping") => read("user_damping", value, &mut params.user_damping),
            (Self::ItemKnn(params), "asymmetry") => read("asymmetry", value, &mut params.asymmetry),
            (Self::Als(params), "factors") => read("factors", value, &mut params.factors),
            (Self::Als(params), "iterations") => read("iterations", value, &mut params.iterations),
            (Self::Als(params), "regularisation") => {
                read("regularisation", value, &mut params.regularisation)
            }
            (Self::Als(params), "unobserved_weight") => {
                read("unobserved_weight", value, &mut params.unobserved_weight)
            }
            (Self::Als(params), "frequency_exponent") => {
                read("frequency_exponent", value, &mut params.frequency_exponent)
            }
            (params, _) => Err(ModelError::UnknownParameter(key.to_owned(), params.names().into())),
        }
    }

    fn names(&self) -> &'static str {
        match self {
            Self::Popular(_) => "none",
            Self::ItemKnn(_) => "neighbours, shrinkage, user_damping, asymmetry",
            Self::Als(_) => "factors, iterations, regularisation, unobserved_weight, frequency_exponent",
        }
    }

    /// Checks the parameters and learns.
    ///
    /// # Errors
    /// [`ModelError::Parameter`], [`ModelError::NoInteractions`], [`ModelError::TooLarge`],
    /// [`ModelError::NotFinite`], [`ModelError::Cancelled`].
    pub fn fit(
        &self,
        interactions: &Interactions,
        resources: &Resources<'_>,
    ) -> Result<Box<dyn Model>, ModelError> {
        if interactions.is_empty() {
            return Err(ModelError::NoInteractions);
        }
        Ok(match self {
            Self::Popular(params) => Box::new(popular::fit(params, interactions)),
            Self::ItemKnn(params) => Box::new(item_knn::fit(&params.check()?, interactions, resources)?),
            Self::Als(params) => Box::new(als::fit(&params.check()?, interactions, resources)?),
        })
    }
}

fn read<T: FromStr>(name: &'static str, value: &str, into: &mut T) -> Result<(), ModelError> {
    *into = value.parse().map_err(|_| ModelError::Parameter {
        name,
        found: format!("“{value}”"),
        expected: "a number",
    })?;
    Ok(())
}
