//! stub
pub struct Glob;
impl Glob {
    pub fn parse(_: &str) -> Result<Self, String> {
        Ok(Self)
    }
    pub fn matches(&self, _: &str, _: u64) -> Result<bool, String> {
        Ok(true)
    }
}
