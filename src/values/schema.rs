//! stub
use super::*;
pub fn validate(_: &Instance, _: &Map, _: &Limits) -> Result<Vec<String>, String> {
    Ok(vec![])
}
