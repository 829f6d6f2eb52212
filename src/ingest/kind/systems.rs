//! Systems by the words that other systems use for their ids.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use super::spec::{self, Condition, Op};
use super::{form, header, value};
use crate::error::Result;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    system: Vec<System>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct System {
    name: Arc<str>,
    words: Vec<String>,
    default: Arc<str>,
    objects: BTreeMap<Arc<str>, Vec<String>>,
    #[serde(default)]
    ops: Vec<Op>,
    #[serde(default)]
    strip: Vec<String>,
    #[serde(default)]
    form: Vec<Form>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    object: Arc<str>,
    #[serde(default)]
    starts: Vec<String>,
    chars: Option<spec::Chars>,
    length: Option<(usize, usize)>,
}

/// The systems known by name.
#[derive(Debug)]
pub(super) struct Systems(Vec<System>);

/// Words that make a header name an id.
const ID_WORDS: &[&str] = &["id", "ids", "gid", "number", "no", "key", "identifier", "nr", "guid"];
/// Words that say nothing.
const FILLERS: &[&str] = &[
    "c",
    "pc",
    "metadata",
    "external",
    "record",
    "u",
    "x",
    "custentity",
    "custom",
    "facts",
    "customer",
    "metafields",
    "the",
    "crm",
];

impl Systems {
    /// The compiled-in table.
    pub(super) fn builtin() -> &'static Self {
        static TABLE: OnceLock<Systems> = OnceLock::new();
        TABLE.get_or_init(|| {
            Self::parse(include_str!("../../../data/reference/systems.toml"))
                .unwrap_or(Self(Vec::new()))
        })
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        Ok(Self(spec::parse::<Table>(text, "systems.toml")?.system))
    }

    /// (system, object) that a header names the id of: `Stripe Customer ID` → (stripe, customer).
    pub(super) fn of_header(&self, header: &str) -> Option<(Arc<str>, Arc<str>)> {
        let words = header::words(header.rsplit('.').next().unwrap_or(header));
        if let [word] = words.as_slice() {
            return self.of_glued(word);
        }
        words.iter().find(|word| ID_WORDS.contains(&word.as_str()))?;
        let system =
            self.0.iter().find(|system| words.iter().any(|word| system.words.contains(word)))?;
        let mut object = None;
        for word in &words {
            let named = system.objects.iter().find(|(_, names)| names.contains(word));
            if let Some((name, _)) = named {
                object = object.or(Some(name.clone()));
            } else if !system.words.contains(word)
                && !ID_WORDS.contains(&word.as_str())
                && !FILLERS.contains(&word.as_str())
            {
                return None;
            }
        }
        Some((system.name.clone(), object.unwrap_or_else(|| system.default.clone())))
    }

    /// `salesforcecontactid`.
    fn of_glued(&self, word: &str) -> Option<(Arc<str>, Arc<str>)> {
        let rest = word.strip_suffix("id")?;
        for system in &self.0 {
            for name in system.words.iter().filter(|name| name.len() > 3) {
                let Some(middle) = rest.strip_prefix(name.as_str()) else { continue };
                if middle.is_empty() {
                    return Some((system.name.clone(), system.default.clone()));
                }
                let named =
                    system.objects.iter().find(|(_, names)| names.iter().any(|n| n == middle));
                return named.map(|(object, _)| (system.name.clone(), object.clone()));
            }
        }
        None
    }

    /// An id as its own kinds write it.
    pub(super) fn canonical(&self, system: &str, id: String) -> String {
        // A spreadsheet or data frame made a float of it.
        let id = match id.strip_suffix(".0") {
            Some(head) if !head.is_empty() && head.bytes().all(|c| c.is_ascii_digit()) => {
                head.to_owned()
            }
            _ => id,
        };
        match self.0.iter().find(|one| &*one.name == system) {
            Some(system) => system.canonical(&id),
            None => id,
        }
    }

    /// System, object and canonical id by what the id looks like.
    pub(super) fn by_form(&self, id: String) -> Option<(Arc<str>, Arc<str>, String)> {
        self.0.iter().find_map(|system| {
            let form = system.form.iter().find(|form| {
                let condition = Condition {
                    starts: form.starts.clone(),
                    chars: form.chars,
                    length: form.length,
                    ..Condition::default()
                };
                value::satisfies(&condition, &id)
            })?;
            Some((system.name.clone(), form.object.clone(), system.canonical(&id)))
        })
    }
}

impl System {
    fn canonical(&self, id: &str) -> String {
        let mut id = id;
        for prefix in &self.strip {
            if id.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix)) {
                id = &id[prefix.len()..];
                break;
            }
        }
        let mut out = id.to_owned();
        for op in &self.ops {
            out = match op {
                Op::Tail => form::tail(&out).to_owned(),
                Op::CaseChecksum => form::case_checksum(&out),
                Op::Lower => out.to_lowercase(),
                _ => out,
            };
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_name_systems() {
        for (header, want) in [
            ("Shopify Customer ID", "shopify customer"),
            ("shopify_customer_id", "shopify customer"),
            ("Shopify_Customer_Id__c", "shopify customer"),
            ("shopify_customer_id (metadata)", "shopify customer"),
            ("ShopifyCustomerId__c", "shopify customer"),
            ("Stripe ID", "stripe customer"),
            ("salesforcecontactid", "salesforce contact"),
            ("Salesforce Lead ID", "salesforce lead"),
            ("user_fields.hubspot_contact_id", "hubspot contact"),
            ("Shopify Tags", ""),
            ("Shopify Order Count", ""),
            ("Customer ID", ""),
            ("shopify_last_plan_id", ""),
        ] {
            let found = Systems::builtin().of_header(header);
            let found = found.map(|(system, object)| format!("{system} {object}"));
            assert_eq!(found.unwrap_or_default(), want, "{header}");
        }
    }

    #[test]
    fn forms_name_systems() {
        for (id, want) in [
            ("7900042324316", "shopify customer 7900042324316"),
            ("shopify-77001", "shopify customer 77001"),
            ("gid://shopify/Customer/12", "shopify customer 12"),
            ("cus_abc", "stripe customer cus_abc"),
            ("auth0|x", ""),
            ("10012", ""),
        ] {
            let found = Systems::builtin().by_form(id.to_owned());
            let found = found.map(|(system, object, id)| format!("{system} {object} {id}"));
            assert_eq!(found.unwrap_or_default(), want, "{id}");
        }
    }
}
