package lab

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// ReadMaildir returns the messages in new/ and cur/, by file name. A Maildir
// that does not exist holds none.
func ReadMaildir(t testing.TB, dir string) [][]byte {
	t.Helper()
	var messages [][]byte
	for _, path := range MaildirFiles(t, dir) {
		msg, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, msg)
	}
	return messages
}

// MaildirFiles returns the paths of the messages in new/ and cur/.
func MaildirFiles(t testing.TB, dir string) []string {
	t.Helper()
	return append(Files(t, filepath.Join(dir, "new")), Files(t, filepath.Join(dir, "cur"))...)
}

// Files lists the paths in a directory, none if it does not exist.
func Files(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var paths []string
	for _, entry := range entries {
		paths = append(paths, filepath.Join(dir, entry.Name()))
	}
	return paths
}
