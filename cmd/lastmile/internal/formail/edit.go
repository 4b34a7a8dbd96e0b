package formail

import "slices"

// edit renames and deletes fields as the options say. A reply is edited twice:
// first what came in (replying), where -i does nothing yet and -I deletes only
// if it has no value, then what goes out.
func (j *job) edit(replying bool) {
	out := j.header[:0:0]
	for _, f := range j.header {
		if h := find(f, j.opt.renameInsert); !replying && h != nil && !(j.opt.reply && f.name >= len(h.text)-1) {
			f.rename(0, "Old-", false)
		} else {
			if h := find(f, j.opt.deleteInsert); h != nil && !(replying && f.name < len(h.text)-1) {
				continue
			}
			if r := findRename(f, j.opt.renames); r != nil {
				f.rename(r.from.name, r.to, len(r.to) > 0 && r.to[len(r.to)-1] == ':')
			}
		}
		out = j.unique(out, f)
	}
	j.header = out
}

// findRename is find in the list of -R.
func findRename(f *field, list []rename) *rename {
	for i, r := range list {
		if find(f, []*field{r.from}) != nil {
			return &list[i]
		}
	}
	return nil
}

// seen is a field name of -u or -U, and the field of this message that is to
// stay.
type seen struct {
	name *field
	kept *field
}

// unique appends a field to those that stay, unless -u has got one of that name
// already; for -U it is that one which goes.
func (j *job) unique(out []*field, f *field) []*field {
	first := findSeen(f, &j.first)
	if first != nil && first.kept == nil {
		first.kept = f
		return append(out, f)
	}
	if last := findSeen(f, &j.last); last != nil {
		if i := slices.Index(out, last.kept); i >= 0 {
			out = slices.Delete(out, i, i+1)
		}
		last.kept = f
		return append(out, f)
	}
	if first != nil {
		return out
	}
	return append(out, f)
}

// findSeen is find in such a list. The beginning of a name stands for each name
// that begins so: the complete one is put into the list as soon as it is met.
func findSeen(f *field, list *[]*seen) *seen {
	for i, s := range *list {
		if find(f, []*field{s.name}) == nil {
			continue
		}
		if f.name > s.name.name {
			s = &seen{name: &field{text: slices.Clone(f.text[:f.name]), name: f.name}}
			*list = slices.Insert(*list, i, s)
		}
		return s
	}
	return nil
}

// shape does what -z and -c say.
func (j *job) shape() {
	if j.opt.zap {
		j.header = slices.DeleteFunc(j.header, func(f *field) bool {
			if f.text[f.name-1] != ':' {
				return false
			}
			empty := len(f.text) <= f.name+1
			if !empty && !isBlank(f.text[f.name]) {
				f.text = slices.Insert(f.text, f.name, ' ')
			} else if len(f.text) <= f.name+2 {
				return true
			}
			return false
		})
	}
	if j.opt.join {
		for _, f := range j.header {
			f.join()
		}
	}
}
