//! Which node is in which: ids resolved to positions, sub-processes as a tree. Owns the answer to "is it visible?".
//! Must never loop or recurse on what a model claims: parents that form a ring count as no parent.

use super::model::{Diagram, Node, NodeKind};
use std::collections::BTreeMap;

/// The nesting of a diagram's nodes. All numbers are positions in `Diagram::nodes`.
#[derive(Debug)]
pub struct Tree {
    positions: BTreeMap<String, usize>,
    parents: Vec<Option<usize>>,
    hosts: Vec<Option<usize>>,
    depths: Vec<usize>,
    hidden: Vec<bool>,
    children: BTreeMap<Option<usize>, Vec<usize>>,
}

impl Tree {
    /// Resolves the ids of a diagram; ids that name nothing are ignored.
    pub fn of(diagram: &Diagram) -> Self {
        let mut positions = BTreeMap::new();
        for (at, node) in diagram.nodes.iter().enumerate() {
            positions.entry(node.id.clone()).or_insert(at);
        }
        let find = |id: &Option<String>| id.as_ref().and_then(|id| positions.get(id)).copied();
        let hosts: Vec<Option<usize>> = (diagram.nodes.iter())
            .map(|node| {
                find(&node.attached_to).filter(|&host| diagram.nodes[host].attached_to.is_none())
            })
            .collect();
        let claimed: Vec<Option<usize>> = (diagram.nodes.iter().zip(&hosts))
            .map(|(node, host)| host.map_or(&node.parent, |host| &diagram.nodes[host].parent))
            .map(|parent| find(parent).filter(|&parent| is_sub_process(&diagram.nodes[parent])))
            .collect();
        let parents = without_rings(claimed);
        let mut children: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
        for (at, &parent) in parents.iter().enumerate() {
            children.entry(parent).or_default().push(at);
        }
        let mut tree = Self {
            depths: vec![0; parents.len()],
            hidden: vec![false; parents.len()],
            positions,
            parents,
            hosts,
            children,
        };
        tree.descend(diagram);
        tree
    }

    fn descend(&mut self, diagram: &Diagram) {
        let mut open = self.children.get(&None).cloned().unwrap_or_default();
        while let Some(at) = open.pop() {
            if let Some(parent) = self.parents[at] {
                self.depths[at] = self.depths[parent] + 1;
                self.hidden[at] = self.hidden[parent] || is_collapsed(&diagram.nodes[parent]);
            }
            open.extend(self.children(Some(at)));
        }
    }

    /// The node with this id.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.positions.get(id).copied()
    }

    /// The sub-process that a node is in; of a boundary event, its host's.
    pub fn parent(&self, at: usize) -> Option<usize> {
        self.parents[at]
    }

    /// The activity on whose border a node sits.
    pub fn host(&self, at: usize) -> Option<usize> {
        self.hosts[at]
    }

    /// How many sub-processes a node is in.
    pub fn depth(&self, at: usize) -> usize {
        self.depths[at]
    }

    /// True when a collapsed sub-process hides the node.
    pub fn is_hidden(&self, at: usize) -> bool {
        self.hidden[at]
    }

    /// What is directly in a sub-process, or in the process itself.
    pub fn children(&self, parent: Option<usize>) -> &[usize] {
        self.children.get(&parent).map_or(&[], Vec::as_slice)
    }

    /// The sub-processes whose content shows, and the process itself, innermost first.
    pub fn scopes(&self) -> Vec<Option<usize>> {
        let mut scopes: Vec<Option<usize>> = self.children.keys().copied().collect();
        scopes.retain(|scope| scope.is_none_or(|at| !self.hidden[at]));
        scopes.sort_by_key(|scope| std::cmp::Reverse(scope.map(|at| self.depths[at])));
        scopes
    }

    /// The node itself, or the collapsed sub-process that hides it.
    pub fn visible(&self, mut at: usize) -> usize {
        while self.hidden[at] {
            match self.parents[at] {
                Some(parent) => at = parent,
                None => break,
            }
        }
        at
    }
}

fn is_sub_process(node: &Node) -> bool {
    matches!(node.kind, NodeKind::SubProcess { .. })
}

fn is_collapsed(node: &Node) -> bool {
    matches!(
        node.kind,
        NodeKind::SubProcess {
            expanded: false,
            ..
        }
    )
}

/// The same parents, but for the link that would close each ring.
pub fn without_rings(mut parents: Vec<Option<usize>>) -> Vec<Option<usize>> {
    // 0: not looked at, else the number of the walk that came by.
    let mut walks = vec![0; parents.len()];
    for start in 0..parents.len() {
        let walk = start + 1;
        let mut at = start;
        while walks[at] == 0 {
            walks[at] = walk;
            match parents[at] {
                Some(parent) if walks[parent] == walk => parents[at] = None,
                Some(parent) => at = parent,
                None => break,
            }
        }
    }
    parents
}

#[cfg(test)]
mod tests {
    use super::super::model::SubProcessKind;
    use super::*;

    fn sub_process(id: &str, parent: Option<&str>, expanded: bool) -> Node {
        let variant = SubProcessKind::Embedded;
        let mut node = Node::new(id, NodeKind::SubProcess { variant, expanded });
        node.parent = parent.map(str::to_owned);
        node
    }

    #[test]
    fn parents_in_a_ring_are_cut_once() {
        let diagram = Diagram {
            nodes: vec![
                sub_process("a", Some("c"), true),
                sub_process("b", Some("a"), true),
                sub_process("c", Some("b"), true),
                sub_process("d", Some("d"), true),
            ],
            ..Diagram::default()
        };
        let tree = Tree::of(&diagram);
        let parents: Vec<_> = (0..4).map(|at| tree.parent(at)).collect();
        assert_eq!(parents, [Some(2), None, Some(1), None]);
    }

    #[test]
    fn a_collapsed_sub_process_stands_for_what_it_hides() {
        let diagram = Diagram {
            nodes: vec![
                sub_process("outer", None, false),
                sub_process("middle", Some("outer"), true),
                sub_process("inner", Some("middle"), true),
            ],
            ..Diagram::default()
        };
        let tree = Tree::of(&diagram);
        assert_eq!(
            (tree.is_hidden(0), tree.is_hidden(1), tree.is_hidden(2)),
            (false, true, true)
        );
        assert_eq!((tree.visible(2), tree.depth(2)), (0, 2));
    }
}
