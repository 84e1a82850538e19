//! Every model by its name: what the command line and stored models speak of.

use super::load::Arrays;
use super::models;
use super::{LoadedTensor, Model, ModelError, Observed, Resources};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A model is one line here and one file in `models/`, which has `Params`, `Params::check`, `fit`, and a fitted type
/// with `load`.
macro_rules! every_model {
    ($($variant:ident: $file:ident :: $fitted:ident,)*) => {
        /// The parameters of every model; each variant is checked before it can fit.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "model", rename_all = "snake_case")]
        pub enum Params {
            $($variant(models::$file::Params),)*
        }

        impl Params {
            /// Every model, the baseline first.
            pub const KINDS: &'static [&'static str] = &[$(stringify!($file),)*];

            /// The model's defaults.
            ///
            /// # Errors
            /// [`ModelError::UnknownModel`].
            pub fn default_of(kind: &str) -> Result<Self, ModelError> {
                $(if kind == stringify!($file) {
                    return Ok(Self::$variant(models::$file::Params::default()));
                })*
                Err(ModelError::UnknownModel(kind.to_owned(), Self::KINDS.join(", ")))
            }

            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => stringify!($file),)*
                }
            }

            /// Whether these parameters can work.
            ///
            /// # Errors
            /// [`ModelError::Parameter`].
            pub fn check(&self) -> Result<(), ModelError> {
                match self {
                    $(Self::$variant(params) => params.clone().check().map(|_| ()),)*
                }
            }

            /// Checks the parameters and learns.
            ///
            /// # Errors
            /// [`ModelError::Parameter`], [`ModelError::NoInteractions`], [`ModelError::NoDescriptions`],
            /// [`ModelError::TooLarge`], [`ModelError::NotFinite`], [`ModelError::Cancelled`].
            pub fn fit<'a>(
                &self,
                observed: impl Into<Observed<'a>>,
                resources: &Resources<'_>,
            ) -> Result<Box<dyn Model>, ModelError> {
                let observed = observed.into();
                if observed.interactions.is_empty() {
                    return Err(ModelError::NoInteractions);
                }
                Ok(match self {
                    $(Self::$variant(params) => {
                        Box::new(models::$file::fit(&params.clone().check()?, observed, resources)?)
                    })*
                })
            }
        }

        /// Rebuilds a model of `kind`: the inverse of [`Model::tensors`].
        ///
        /// # Errors
        /// [`ModelError::UnknownModel`], or [`ModelError::Damaged`] when an array is missing or does not fit the
        /// others.
        pub fn load(kind: &str, tensors: Vec<LoadedTensor>) -> Result<Box<dyn Model>, ModelError> {
            let mut arrays = Arrays::new(tensors);
            $(if kind == stringify!($file) {
                return models::$file::$fitted::load(&mut arrays).map(|model| Box::new(model) as Box<dyn Model>);
            })*
            Err(ModelError::UnknownModel(kind.to_owned(), Params::KINDS.join(", ")))
        }
    };
}

every_model! {
    Popular: popular::Popular,
    ItemKnn: item_knn::ItemKnn,
    Als: als::Als,
    Session: session::Session,
    MultiEvent: multi_event::MultiEvent,
    Content: content::Content,
    Ease: ease::Ease,
    Spectral: spectral::Spectral,
    Blend: blend::Blend,
}

impl Params {
    /// True when it learns more from a log than from interactions alone.
    pub fn needs_log(&self) -> bool {
        match self {
            Self::Session(_) | Self::MultiEvent(_) => true,
            Self::Popular(popular) => popular.needs_log(),
            Self::ItemKnn(params) => params.half_life_days > 0.0,
            Self::Als(params) => params.half_life_days > 0.0,
            Self::Ease(params) => params.half_life_days > 0.0,
            Self::Spectral(params) => params.half_life_days > 0.0,
            Self::Blend(blend) => blend.has_context() || blend.components.iter().any(Self::needs_log),
            _ => false,
        }
    }

    /// True when it learns from what the items are.
    pub fn needs_items(&self) -> bool {
        match self {
            Self::Content(_) => true,
            Self::Blend(blend) => blend.has_prices() || blend.components.iter().any(Self::needs_items),
            _ => false,
        }
    }

    /// Sets one parameter from text; whether its value can work is checked by [`Params::fit`].
    ///
    /// # Errors
    /// [`ModelError::UnknownParameter`], or [`ModelError::Parameter`] when `value` is not of the parameter's kind.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), ModelError> {
        let mut fields = self.fields();
        let Some(field) = fields.get_mut(key).filter(|_| key != "model") else {
            let names: Vec<String> =
                fields.into_iter().map(|(name, _)| name).filter(|name| name != "model").collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return Err(ModelError::UnknownParameter(key.to_owned(), names));
        };
        let expected = match &*field {
            Value::Number(number) if number.is_f64() => Some("a number"),
            Value::Number(_) => Some("a whole number"),
            _ => None,
        };
        // What is no JSON, such as the name of a similarity, is text.
        *field = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        *self = serde_json::from_value(Value::Object(fields)).map_err(|error| ModelError::Unreadable {
            name: key.to_owned(),
            found: value.to_owned(),
            expected: expected.map_or_else(|| wanted(&error.to_string()), str::to_owned),
        })?;
        Ok(())
    }

    fn fields(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        }
    }
}

/// What serde's words name as possible.
fn wanted(words: &str) -> String {
    words.rsplit_once("expected ").map_or(words, |(_, wanted)| wanted).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_set_by_name_and_what_is_wrong_is_named() {
        let mut params = Params::default_of("als").unwrap();
        params.set("factors", "8").unwrap();
        params.set("regularisation", "0.5").unwrap();
        assert_eq!(
            (&params.fields()["factors"], &params.fields()["regularisation"]),
            (&8.into(), &0.5.into())
        );
        let unknown = params.set("factor", "8").unwrap_err().to_string();
        assert!(unknown.contains("factors") && !unknown.contains("model,"), "{unknown}");
        let wrong = params.set("factors", "many").unwrap_err().to_string();
        assert_eq!(wrong, "parameter factors is “many”; expected a whole number");
        let wrong = params.set("regularisation", "small").unwrap_err().to_string();
        assert_eq!(wrong, "parameter regularisation is “small”; expected a number");
        let wrong =
            Params::default_of("item_knn").unwrap().set("similarity", "near").unwrap_err().to_string();
        assert!(wrong.starts_with("parameter similarity is “near”; expected one of `cosine`"), "{wrong}");
        assert!(params.set("factors", "-3").is_err() && params.set("model", "popular").is_err());
    }
}
