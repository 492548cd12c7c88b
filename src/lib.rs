//! airtight renders Helm charts exactly as helm does, and says which images bypass the private mirror and who put
//! them there.

pub mod chart;
pub mod funcs;
pub mod limits;
pub mod regex;
pub mod semver;
pub mod source;
pub mod template;
pub mod trace;
pub mod values;
pub mod yaml;
