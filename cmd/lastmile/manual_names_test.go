package main

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/doctor"
	"lastmile/delivery/dsn"
)

// What the code names and the manual explains, and the reverse: variables of the
// environment, files, exit statuses, status codes, keys of the log, findings of
// doctor. Options are looked at by TestManualHasEveryOption.

// named is what the code names: the literals of a kind, and where each stands.
type named map[string]string

// literals collects the strings of the module that are not in tests and that a
// pattern matches as a whole. Directories in except are not looked into.
func literals(t *testing.T, pattern string, except ...string) named {
	t.Helper()
	is := regexp.MustCompile("^(?:" + pattern + ")$")
	found := named{}
	everyFile(t, except, func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				if text, err := strconv.Unquote(l.Value); err == nil && is.MatchString(text) {
					found[clean(text)] = path
				}
			}
			return true
		})
	})
	return found
}

// everyFile parses the files of the module, but for tests and what only tests use.
func everyFile(t *testing.T, except []string, each func(path string, file *ast.File)) {
	t.Helper()
	for _, root := range []string{"cmd", "delivery", "loopcheck", "maildir"} {
		err := filepath.WalkDir("../../"+root, func(path string, d fs.DirEntry, err error) error {
			path = filepath.ToSlash(strings.TrimPrefix(path, "../../"))
			switch {
			case err != nil:
				return err
			case d.IsDir() && (strings.HasSuffix(path, "internal/lab") || slices.Contains(except, path)):
				return fs.SkipDir
			case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), "../../"+path, nil, parser.SkipObjectResolution)
			if err == nil {
				each(path, file)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// pages returns the sources of all manual pages.
func pages(t *testing.T) string {
	t.Helper()
	names, _ := filepath.Glob("*.[1578]")
	var all strings.Builder
	for _, name := range names {
		all.WriteString(page(t, name))
	}
	return all.String()
}

// marked returns the words that the pages mark by a macro.
func marked(t *testing.T, macro string) named {
	t.Helper()
	found := named{}
	for _, m := range regexp.MustCompile(`(?m)^\.(?:.* )?`+macro+` (.*)$`).FindAllStringSubmatch(pages(t), -1) {
		for _, word := range strings.Fields(strings.ReplaceAll(m[1], `\&`, "")) {
			if strings.Trim(word, ".,:;") == "" {
				continue
			}
			if len(word) == 2 && word[0] >= 'A' && word[0] <= 'Z' && word[1] >= 'a' {
				break // another macro
			}
			found[word] = m[0]
		}
	}
	return found
}

// agreed compares both sides.
func agreed(t *testing.T, what string, code, manual named) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(code)) {
		if _, ok := manual[name]; !ok {
			t.Errorf("%s %s of %s is not in the manual; what is none is an exception of this test", what, name, code[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(manual)) {
		if _, ok := code[name]; !ok {
			t.Errorf("%s %s of the manual (%s) is not in the code", what, name, manual[name])
		}
	}
}

// but returns what is named without the exceptions, each of which has to be there.
func (n named) but(t *testing.T, names ...string) named {
	t.Helper()
	rest := maps.Clone(n)
	for _, name := range names {
		if _, ok := rest[name]; !ok {
			t.Errorf("the exception %s is none", name)
		}
		delete(rest, name)
	}
	return rest
}

func TestManualNamesVariables(t *testing.T) {
	code := literals(t, `[A-Z][A-Z_]{2,}|TZ`, "cmd/lastmile/internal/doctor", "cmd/lastmile/internal/fault", "cmd/lastmile/internal/formail").but(t,
		"DIR", "FILE", "TARGET", "TEMPLATE", "ARGUMENT", "RCFILE", // placeholders of the help
		"INBOX", "LMTP", "SMTP", "FIFO", // words
		"FROM_DAEMON", "FROM_MAILER", "TO_", // procmailrc's keywords
		"LD_", "ELF_LD_", "AOUT_LD_", // beginnings of names
		"MESSAGE", // of a rehearsal: a name that is made up
	)
	manual := marked(t, "Ev").but(t,
		"GOTRACEBACK", // read by Go's runtime
	)
	agreed(t, "variable", code, manual)
}

func TestManualNamesFiles(t *testing.T) {
	code := literals(t, `~/.+|/tmp|/(?:etc|var|dev|usr|proc|run|bin|lib)/[-/\w.]+`, "cmd/lastmile/internal/doctor").but(t,
		"/usr/sbin",                                    // where postconf is looked for besides PATH
		"/usr/local/bin/lastmile", "/usr/bin/lastmile", // the program itself, in recipes
	)
	code["/usr/share/bash-completion/completions/lastmile"] = "what the package installs"
	code["/usr/share/fish/vendor_completions.d/lastmile.fish"] = "what the package installs"
	code["~/.procmailrc"] = "HOME and a name"
	manual := named{}
	for name, where := range marked(t, "Pa") {
		name = strings.TrimSuffix(name, "/$LOGNAME")
		name, _, _ = strings.Cut(name, "/BOGUS.")
		if len(name) > 1 && (strings.HasPrefix(name, "/") || strings.HasPrefix(name, "~")) {
			manual[clean(name)] = where
		}
	}
	agreed(t, "file", code, manual)
}

// clean takes off the slash at the end that says that a name is a directory's.
func clean(name string) string {
	if strings.HasPrefix(name, "/") {
		return strings.TrimSuffix(name, "/")
	}
	return name
}

// integers returns the constants with such a name.
func integers(t *testing.T, pattern string) named {
	t.Helper()
	is := regexp.MustCompile(pattern)
	found := named{}
	everyFile(t, nil, func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			for i, name := range spec.Names {
				if i < len(spec.Values) && is.MatchString(name.Name) {
					if l, ok := spec.Values[i].(*ast.BasicLit); ok && l.Kind == token.INT {
						v := constant.MakeFromLiteral(l.Value, l.Kind, 0)
						found[v.String()] = path + " " + name.Name
					}
				}
			}
			return true
		})
	})
	return found
}

func TestManualNamesExitStatuses(t *testing.T) {
	code := integers(t, `^([eE]xit[A-Z]|lockfile[A-Z]\w*$)`)
	code["1"] = "foundTrouble, wouldLoop"
	manual := named{}
	for _, name := range []string{"lastmile.1", "lastmile-procmailrc.5"} {
		_, section, _ := strings.Cut(page(t, name), "\n.Sh EXIT STATUS\n")
		section, _, _ = strings.Cut(section, "\n.Sh ")
		for _, m := range regexp.MustCompile(`(?m)^\.It (\d.*)$`).FindAllStringSubmatch(section, -1) {
			for _, n := range regexp.MustCompile(`\d+`).FindAllString(m[1], -1) {
				manual[n] = name
			}
		}
	}
	// Those of formail and lockfile stand where these are explained.
	for _, command := range []string{"formail", "lockfile"} {
		_, text, _ := strings.Cut(subsection(t, command), "The exit status is")
		for _, n := range regexp.MustCompile(`\b\d+\b`).FindAllString(text, -1) {
			manual[n] = command
		}
	}
	agreed(t, "exit status", code, manual)
}

func TestManualNamesFindings(t *testing.T) {
	code, manual := named{}, named{}
	for id, severity := range doctor.Severities() {
		code[id+", "+string(severity)] = "doctor"
	}
	_, section, _ := strings.Cut(page(t, "lastmile.8"), "\n.Sh DIAGNOSTICS\n")
	section, _, _ = strings.Cut(section, "\n.Sh ")
	for _, m := range regexp.MustCompile(`(?m)^\.It Li (\S+) Pq (\S+)$`).FindAllStringSubmatch(section, -1) {
		manual[m[1]+", "+m[2]] = "lastmile.8"
	}
	agreed(t, "finding", code, manual)
}

// codes returns the status codes that the code has: the constants of package dsn,
// those made on the spot of numbers, and those written out.
func codes(t *testing.T) named {
	t.Helper()
	found := literals(t, `[245]\.\d\.\d+`)
	number := func(e ast.Expr) int {
		l, ok := e.(*ast.BasicLit)
		if !ok || l.Kind != token.INT {
			t.Fatalf("%#v is no number", e)
		}
		n, err := strconv.ParseInt(l.Value, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		return int(n)
	}
	everyFile(t, nil, func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if kind, ok := n.Type.(*ast.Ident); ok && kind.Name == "Status" && file.Name.Name == "dsn" {
					for i, name := range n.Names {
						found[dsn.Status(number(n.Values[i])).String()] = path + " " + name.Name
					}
				}
			case *ast.CallExpr:
				made, ok := n.Fun.(*ast.SelectorExpr)
				if !ok || made.Sel.Name != "New" || len(n.Args) != 3 {
					break
				}
				if in, ok := made.X.(*ast.Ident); ok && in.Name == "dsn" {
					found[dsn.New(number(n.Args[0]), number(n.Args[1]), number(n.Args[2])).String()] = path
				}
			}
			return true
		})
	})
	return found
}

// keys returns the keys that a line of the log can have.
func keys(t *testing.T) named {
	t.Helper()
	found := named{}
	isPair := func(e ast.Expr) bool { name, ok := e.(*ast.Ident); return ok && name.Name == "pair" }
	everyFile(t, nil, func(path string, file *ast.File) {
		take := func(e ast.Expr) {
			if l, ok := e.(*ast.CompositeLit).Elts[0].(*ast.BasicLit); ok {
				found[strings.Trim(l.Value, `"`)] = path
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			l, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			if list, ok := l.Type.(*ast.ArrayType); ok && isPair(list.Elt) {
				for _, e := range l.Elts {
					take(e)
				}
			} else if isPair(l.Type) {
				take(l)
			}
			return true
		})
	})
	return found
}

func TestManualNamesLogKeys(t *testing.T) {
	_, item, _ := strings.Cut(page(t, "lastmile.1"), "\n.It Fl Fl log Ar target\n")
	item, _, _ = strings.Cut(item, "\n.It ")
	manual := literal(item)
	code := keys(t)
	if len(code) < 10 {
		t.Errorf("only the keys %v are found", code)
	}
	for key, where := range code {
		if !slices.Contains(manual, key) {
			t.Errorf("key %s of %s is not in the manual", key, where)
		}
	}
}

func TestManualNamesCodes(t *testing.T) {
	manual := named{}
	for _, code := range regexp.MustCompile(`\b[245]\.\d\.\d+\b`).FindAllString(page(t, "lastmile.1"), -1) {
		manual[code] = "lastmile.1"
	}
	agreed(t, "status code", codes(t), manual)
}
