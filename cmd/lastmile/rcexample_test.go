package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

const exampleDir = "../../testdata/procmailrc-example"

// exampleHome makes the home directory of the example's user.
func exampleHome(t *testing.T) string {
	t.Helper()
	home := filepath.Join(t.TempDir(), "home")
	for _, dir := range []string{"Mail/lists", "Mail/plus/shop"} {
		if err := os.MkdirAll(filepath.Join(home, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(home, "bin"), os.DirFS(exampleDir+"/bin")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"spamc", "sendmail"} {
		if err := os.Chmod(filepath.Join(home, "bin", name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	writeText(t, filepath.Join(home, ".procmailrc"), page(t, exampleDir+"/procmailrc"))
	writeText(t, filepath.Join(home, "Mail/vacation.txt"), "I am away until Monday.\n")
	return home
}

// installed returns the path of a program that somebody else has made. Without it
// the test is skipped, or with REQUIRE_PEERS=1 fails.
func installed(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path
	case os.Getenv("REQUIRE_PEERS") == "1":
		t.Fatalf("REQUIRE_PEERS=1, but %v", err)
	}
	t.Skip(err)
	return ""
}

// exampleTree returns the files below a directory. The names in a Maildir are left
// out, and so is the order that they give: its messages are one text, sorted.
func exampleTree(t *testing.T, root string) map[string]string {
	t.Helper()
	tree, boxes := map[string]string{}, map[string][]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		if box, _, ok := strings.Cut(name, "new/"); ok {
			boxes[box] = append(boxes[box], string(text))
		} else {
			tree[name] = string(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for box, messages := range boxes {
		slices.Sort(messages)
		tree[box] = strings.Join(messages, "\n")
	}
	for _, name := range []string{".procmailrc", "bin/spamc", "bin/sendmail", "Mail/vacation.txt", "bin/formail"} {
		delete(tree, name)
	}
	// The log names new files, and cuts long paths.
	log := regexp.MustCompile(`(Folder: \S*/)new/\S+\s+`).ReplaceAllString(tree["Mail/log"], "$1 ")
	tree["Mail/log"] = regexp.MustCompile(`Folder: /.*?\t+`).ReplaceAllString(log, "Folder: / ")
	return tree
}

// exampleGrown says what one message has changed: folders by their names, other
// files by what was added, caches not at all.
func exampleGrown(before, after map[string]string) string {
	var b strings.Builder
	names := []string{}
	for name := range after {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		switch added := strings.TrimPrefix(after[name], before[name]); {
		case after[name] == before[name] || strings.HasSuffix(name, ".cache") || name == "Mail/log":
		case name == "sent":
			b.WriteString(added)
		default:
			b.WriteString(name + "\n")
		}
	}
	return b.String()
}

// runExample runs a procmail over the messages of the example, and returns what
// each has changed, and what is there at last.
func runExample(t *testing.T, procmail, formail string) (story string, tree map[string]string) {
	t.Helper()
	home := exampleHome(t)
	if err := os.Symlink(formail, filepath.Join(home, "bin/formail")); err != nil {
		t.Fatal(err)
	}
	messages, err := filepath.Glob(exampleDir + "/messages/*.eml")
	if err != nil || len(messages) == 0 {
		t.Fatal("no messages")
	}
	tree = exampleTree(t, home)
	for _, path := range messages {
		text := page(t, path)
		extension := ""
		if m := regexp.MustCompile(`(?m)^To: alice\+(.*)@`).FindStringSubmatch(text); m != nil {
			extension = m[1]
		}
		cmd := exec.Command(procmail, "-t", "-a", extension, "HOME="+home, "PATH="+home+"/bin:/usr/bin:/bin", "SHELL=/bin/sh", "LOGNAME=alice", "ORGMAIL="+home+"/orgmail", "SENDMAIL="+home+"/bin/sendmail", "LOCKSLEEP=1")
		cmd.Dir, cmd.Env = home, []string{"TZ=UTC"}
		cmd.Stdin = strings.NewReader(text)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Run(); err != nil {
			t.Fatalf("%s: %v: %s", path, err, said.String())
		}
		after := exampleTree(t, home)
		story += fmt.Sprintf("== %s\n%s", filepath.Base(path), exampleGrown(tree, after))
		tree = after
	}
	return story, tree
}

// The rcfile does what it says, and the same whoever runs it, with whichever
// formail.
func TestRcfileExample(t *testing.T) {
	t.Parallel()
	want := page(t, exampleDir+"/want")
	story, tree := runExample(t, lab.Named(t, "procmail"), lab.Named(t, "formail"))
	if story != want {
		t.Errorf("by lastmile:\n%s\nwant\n%s", story, want)
	}
	for name, programs := range map[string][2]string{
		"procmail":                    {"procmail", "formail"},
		"procmail with our formail":   {"procmail", lab.Named(t, "formail")},
		"lastmile with their formail": {lab.Named(t, "procmail"), "formail"},
	} {
		t.Run(name, func(t *testing.T) {
			for i, program := range programs {
				if !strings.Contains(program, "/") {
					programs[i] = installed(t, program)
				}
			}
			story, theirs := runExample(t, programs[0], programs[1])
			if story != want {
				t.Errorf("got\n%s\nwant\n%s", story, want)
			}
			for file := range theirs {
				if theirs[file] != tree[file] {
					t.Errorf("%s is\n%s\nand by lastmile alone\n%s", file, theirs[file], tree[file])
				}
			}
			if len(theirs) != len(tree) {
				t.Errorf("%d files, and %d by lastmile alone", len(theirs), len(tree))
			}
		})
	}
}
