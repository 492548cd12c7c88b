//! Looks up members of the things that an operand may be, and the values that this reads: [`Lookups`](super::answers::Lookups) caches the results for
//! each set, so that the same question from another position costs no more than a lookup.

use super::answers::{Answer, Kind, Question, Site, Target};
use super::engine::Engine;
use super::value::{Abs, Atom, Fact, NO_KEYS, NOTHING, OTHER, PathNumber, Step};
use std::rc::Rc;

/// The most consecutive steps of a path that are any key; deeper values are read with all their content.
const MOST_ANY: usize = 4;
/// The most steps of a path; deeper values are read with all their content.
const MOST_DEPTH: usize = 20;

impl Engine<'_> {
    /// A member of whatever something may be.
    pub(super) fn member(&mut self, of: Abs, key: Step, site: Site) -> Abs {
        if !self.step() {
            return OTHER;
        }
        let (mut found, mut sets) = (Vec::new(), Vec::new());
        self.lookups.seen_maps.begin();
        let mut next = Some(of);
        while let Some(of) = next {
            let (own, _) = self.ask(Question::Member(of, key), site);
            let maps = self.maps(of, site);
            if maps.is_empty() && found.is_empty() && sets.is_empty() {
                return own;
            }
            found.push(own);
            for &number in &*maps {
                // Merged maps lead to the same map in many ways.
                if !self.lookups.seen_maps.insert(number) {
                    continue;
                }
                if !self.step() {
                    return OTHER;
                }
                let made = self.made(number, site);
                found.push(made.any);
                let parts = made.parts;
                let is_sure = match key {
                    Step::Key(key) => {
                        found.extend(made.members.get(&key).copied());
                        !made.is_overwritten && made.sure.contains(&key)
                    }
                    Step::Any => {
                        found.extend(made.members.values().copied());
                        false
                    }
                };
                if !is_sure && parts != NOTHING {
                    sets.push(parts);
                }
            }
            next = sets.pop();
        }
        self.sets.join_all(found)
    }

    /// Records that all of something is read. Printing the data of templates, `toYaml .`, does not count as reading a value.
    pub(super) fn whole(&mut self, of: Abs, site: Site) {
        let atoms = self.sets.atoms(of).clone();
        let is_root = |atom: &Atom| matches!(atom, Atom::Root(_));
        let of = match atoms.iter().any(is_root) {
            true => self.sets.set(atoms.iter().filter(|atom| !is_root(atom)).copied().collect()),
            false => of,
        };
        let mut sets = vec![of];
        self.lookups.seen_maps.begin();
        self.lookups.seen_sets.begin();
        while let Some(of) = sets.pop() {
            if of == NOTHING || !self.lookups.seen_sets.insert(of.0) {
                continue;
            }
            if !self.step() {
                return;
            }
            let (_, inner) = self.ask(Question::Whole(of), site);
            sets.extend(&*inner);
            for &number in &*self.maps(of, site) {
                if !self.lookups.seen_maps.insert(number) {
                    continue;
                }
                let made = self.made(number, site);
                sets.extend(made.members.values());
                sets.push(made.any);
                // Existing members are not replaced by what is merged in.
                let hidden = if made.is_overwritten { Vec::new() } else { made.sure.iter().copied().collect() };
                let parts = made.parts;
                let hidden = self.sets.keys(hidden);
                sets.push(self.sets.without(parts, hidden));
            }
        }
    }

    /// Records that there may be more members than code names.
    pub(super) fn note_members(&mut self, of: Abs, site: Site) {
        self.ask(Question::Members(of), site);
    }

    /// The answer to a question, and related sets with the same question.
    fn ask(&mut self, question: Question, site: Site) -> (Abs, Rc<[Abs]>) {
        let number = match self.lookups.numbers.get(&question) {
            Some(&known) => known,
            None => {
                let answer = self.answer(question);
                let number = self.lookups.answers.len() as u32;
                self.lookups.answers.push(answer);
                self.lookups.numbers.insert(question, number);
                number
            }
        };
        let Answer { found, inner, reads } = &self.lookups.answers[number as usize];
        if !reads.is_empty() {
            self.lookups.sites.insert((number, site));
        }
        (*found, inner.clone())
    }

    fn answer(&mut self, question: Question) -> Answer {
        let (mut reads, mut inner) = (Vec::new(), Vec::new());
        let found = match question {
            Question::Member(of, key) => {
                let atoms = self.sets.atoms(of).clone();
                let found: Vec<Abs> = atoms.iter().map(|atom| self.member_of(*atom, key, &mut reads)).collect();
                self.sets.join_all(found)
            }
            Question::Whole(of) => {
                for atom in self.sets.atoms(of).iter() {
                    match *atom {
                        Atom::Root(chart) => inner.push(self.values_of(chart as usize)),
                        Atom::Value(path, without) => reads.push((path, Kind::Whole, without)),
                        Atom::List(items) => inner.extend(&**self.sets.items(items)),
                        Atom::Each(item) => inner.push(item),
                        Atom::Made(_) | Atom::Fact(..) | Atom::Text(_) | Atom::Int(_) | Atom::Other => {}
                    }
                }
                NOTHING
            }
            Question::Members(of) => {
                for atom in self.sets.atoms(of).clone().iter() {
                    if let Atom::Value(path, _) = *atom {
                        reads.push((self.below(path, Step::Any), Kind::Member, NO_KEYS));
                    }
                }
                NOTHING
            }
        };
        Answer { found, inner: inner.into(), reads }
    }

    fn member_of(&mut self, atom: Atom, key: Step, reads: &mut Vec<Target>) -> Abs {
        match atom {
            Atom::Root(chart) => self.member_of_root(chart, key),
            Atom::Fact(chart, fact) => self.member_of_fact(chart, fact, key),
            Atom::Value(path, without) => {
                if let Step::Key(key) = key
                    && self.sets.texts(without).contains(&key)
                {
                    return NOTHING;
                }
                let steps = self.sets.steps(path);
                if steps.len() >= MOST_DEPTH || key == Step::Any && ends_with_any(steps) {
                    reads.push((path, Kind::Whole, without));
                    return OTHER;
                }
                let path = self.below(path, key);
                reads.push((path, Kind::Member, NO_KEYS));
                self.sets.one(Atom::Value(path, NO_KEYS))
            }
            Atom::List(items) => {
                let items = self.sets.items(items).clone();
                match key {
                    Step::Key(key) => {
                        let index = index_of(self.sets.str(key));
                        index.and_then(|index| items.get(index)).copied().unwrap_or_default()
                    }
                    Step::Any => self.sets.join_all(items.iter().copied()),
                }
            }
            Atom::Each(item) => item,
            Atom::Made(_) | Atom::Text(_) | Atom::Int(_) => NOTHING,
            Atom::Other => OTHER,
        }
    }

    fn member_of_root(&mut self, chart: u32, key: Step) -> Abs {
        let Step::Key(key) = key else { return self.values_of(chart as usize) };
        let fact = match &**self.sets.str(key) {
            "Values" => return self.values_of(chart as usize),
            "Chart" => Fact::Chart,
            "Template" => Fact::Template,
            "Subcharts" => Fact::Subcharts,
            "Release" | "Files" | "Capabilities" => return OTHER,
            _ => return NOTHING,
        };
        self.sets.one(Atom::Fact(chart, fact))
    }

    fn member_of_fact(&mut self, chart: u32, fact: Fact, key: Step) -> Abs {
        let scope = &self.scopes[chart as usize];
        let name = match key {
            Step::Key(key) => Some(&**self.sets.str(key)),
            Step::Any => None,
        };
        match (fact, name) {
            (Fact::Subcharts, name) => {
                let is_meant = |child: &&usize| name.is_none_or(|name| self.scopes[**child].name == name);
                let children = scope.children.iter().filter(is_meant).map(|&child| Atom::Root(child as u32));
                let children = children.collect();
                self.sets.set(children)
            }
            (Fact::Chart, Some("Name")) => self.sets.constant(&scope.name),
            (Fact::Template, Some("BasePath")) => self.sets.constant(&format!("{}/templates", scope.full_path)),
            _ => OTHER,
        }
    }

    /// The path of a member.
    fn below(&mut self, path: PathNumber, key: Step) -> PathNumber {
        if let Some(&known) = self.lookups.below.get(&(path, key)) {
            return known;
        }
        let above = self.sets.steps(path).clone();
        let steps = self.steps_below(&above, key);
        let below = self.sets.path(&steps);
        self.lookups.below.insert((path, key), below);
        below
    }

    /// The code's maps in something: those that it created, and what it adds to others.
    fn maps(&mut self, of: Abs, site: Site) -> Rc<[u32]> {
        let overlays = self.overlays();
        if of != NOTHING && of != OTHER {
            self.note_set(site.frame, of);
        }
        if let Some((_, known)) = self.lookups.maps.get(&of).filter(|(known_of, _)| *known_of == overlays) {
            return known.clone();
        }
        let (atoms, mut maps) = (self.sets.atoms(of).clone(), Vec::new());
        self.sets.charge(atoms.len());
        for atom in &*atoms {
            maps.extend(match atom {
                Atom::Made(number) => Some(*number),
                _ => None,
            });
            maps.extend(self.overlay_of(*atom));
        }
        let maps: Rc<[u32]> = maps.into();
        self.lookups.maps.insert(of, (overlays, maps.clone()));
        maps
    }
}

/// The index of an element, `[0]`.
fn index_of(key: &str) -> Option<usize> {
    let digits = key.strip_prefix('[')?.strip_suffix(']')?;
    let number: usize = digits.parse().ok()?;
    (digits.len() == 1 || !digits.starts_with(['0', '+'])).then_some(number)
}

/// Whether a path ends with as many any-key steps as are distinguished.
fn ends_with_any(path: &[Step]) -> bool {
    path.len() >= MOST_ANY && path[path.len() - MOST_ANY..].iter().all(|step| *step == Step::Any)
}
