//! Where the values of a layer were set.

use crate::source::{File, Place};
use crate::template::tree::NodeOrigins;
use crate::trace::{Layer, Origin, OriginData, Origins, Setting};
use crate::values_path::Key;
use crate::yaml::{Data, Node};
use std::collections::HashMap;
use std::sync::Arc;

/// Gives each node of a values file, or of a flag's JSON, the origin of a [`Setting`] of one layer.
#[derive(Debug)]
pub(crate) struct LayerOrigins<'o> {
    origins: &'o mut Origins,
    nulls: Option<&'o mut Nulls>,
    layer: Layer,
    file: Arc<File>,
    root: (Option<Key>, Origin),
}

impl<'o> LayerOrigins<'o> {
    /// For the nodes of a file of a layer.
    pub(crate) fn new(origins: &'o mut Origins, layer: Layer, file: &Arc<File>) -> Self {
        Self { origins, nulls: None, layer, file: file.clone(), root: (None, Origin::NONE) }
    }

    /// Records every null as well.
    pub(crate) fn noting(mut self, nulls: &'o mut Nulls) -> Self {
        self.nulls = Some(nulls);
        self
    }

    /// The top of the tree is a member of another setting.
    pub(crate) fn below(mut self, key: Key, parent: Origin) -> Self {
        self.root = (Some(key), parent);
        self
    }
}

impl NodeOrigins for LayerOrigins<'_> {
    fn origin(&mut self, node: &Node, key: Option<Key>, parent: Origin) -> Origin {
        let (key, parent) = if key.is_none() { self.root.clone() } else { (key, parent) };
        let place = Place { file: self.file.clone(), start: node.start, end: node.end };
        let setting = Setting { layer: self.layer.clone(), place, key, parent };
        let origin = self.origins.add(OriginData::Setting(setting));
        if let (Data::Null, Some(nulls)) = (&node.data, &mut self.nulls) {
            nulls.note(self.origins, origin);
        }
        origin
    }
}

/// Who set the nulls of a tree of values, by path: a null itself carries no origin.
#[derive(Debug, Clone, Default)]
pub(crate) struct Nulls {
    by_path: HashMap<Vec<Arc<str>>, Origin>,
}

impl Nulls {
    /// Records the setting of a null; the last one for a path counts. Nulls in lists do not matter.
    pub(crate) fn note(&mut self, origins: &Origins, origin: Origin) {
        let mut path = Vec::new();
        let mut next = origin;
        while let Some(OriginData::Setting(Setting { key: Some(key), parent, .. })) = origins.get(next) {
            let Key::Name(name) = key else { return };
            path.push(name.clone());
            next = *parent;
        }
        path.reverse();
        self.by_path.insert(path, origin);
    }

    /// Who set the null at a path, if there is one.
    pub(crate) fn get(&self, path: &[Arc<str>]) -> Origin {
        self.by_path.get(path).copied().unwrap_or_default()
    }

    /// Whether none was recorded.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_path.is_empty()
    }
}

/// Records that one setting replaced another, with tracing.
pub(super) fn hide(origins: &mut Option<&mut Origins>, winner: Origin, loser: Origin) {
    if let Some(origins) = origins {
        origins.hide(winner, loser);
    }
}
