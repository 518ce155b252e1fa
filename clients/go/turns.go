package latchkey

// turns is a line in which groups take turns, so that one with thousands of items delays none of another.
type turns[Item any] struct {
	groups map[string][]Item
	order  []string
	size   int
}

func (t *turns[Item]) add(group string, item Item) {
	if t.groups == nil {
		t.groups = map[string][]Item{}
	}
	if len(t.groups[group]) == 0 {
		t.order = append(t.order, group)
	}
	t.groups[group] = append(t.groups[group], item)
	t.size++
}

// take takes the item whose turn it is.
func (t *turns[Item]) take() (item Item, ok bool) {
	if len(t.order) == 0 {
		return item, false
	}
	group := t.order[0]
	t.order = t.order[1:]
	items := t.groups[group]
	item = items[0]
	if len(items) == 1 {
		delete(t.groups, group)
	} else {
		t.groups[group] = items[1:]
		t.order = append(t.order, group)
	}
	t.size--
	return item, true
}

func (t *turns[Item]) takeAll() []Item {
	var all []Item
	for item, ok := t.take(); ok; item, ok = t.take() {
		all = append(all, item)
	}
	return all
}
