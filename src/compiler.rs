//! [`Compiler`]: template files, compiled once.

use crate::funcs;
use crate::helm::HelmVersion;
use crate::source::File;
use crate::template::Error;
use crate::template::set::Compiled;
use std::collections::HashMap;
use std::sync::Arc;

/// Bytes of a compiled file for those who only look at the templates.
pub const MOST_BYTES: usize = 256 << 20;

/// Compiled template files, kept over renders of the same charts: one that was compiled is not compiled again.
#[derive(Debug, Clone, Default)]
pub struct Compiler {
    /// By the file's address and the full name, and helm's version, which decides what functions there are; the file is
    /// kept so that its address stays its own.
    known: HashMap<CompiledKey, (Arc<File>, Arc<Compiled>)>,
}

/// The file's address, the full name, and helm's version.
type CompiledKey = (usize, String, HelmVersion);

impl Compiler {
    /// Nothing compiled yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A template file under its full name, compiled into not more than so many bytes.
    pub fn compile(
        &mut self,
        name: &str,
        file: &Arc<File>,
        helm: HelmVersion,
        most: usize,
    ) -> Result<Arc<Compiled>, Error> {
        let key = (Arc::as_ptr(file) as usize, name.to_owned(), helm);
        if let Some((_, compiled)) = self.known.get(&key) {
            return Ok(compiled.clone());
        }
        let compiled = Arc::new(Compiled::parse(name, file, funcs::lookup_of(helm), most)?);
        self.known.insert(key, (file.clone(), compiled.clone()));
        Ok(compiled)
    }
}
