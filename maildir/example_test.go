package maildir_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"lastmile/maildir"
)

// deliver stores one message. Nothing that it leaves behind is a message unless
// Place has returned without an error.
func deliver(box *maildir.Box, message io.Reader) (path string, err error) {
	d, err := box.Create()
	if err != nil {
		return "", err
	}
	defer d.Close()
	if _, err = io.Copy(d, message); err == nil {
		if err = d.Sync(); err == nil {
			path, err = d.Place()
		}
	}
	if err != nil {
		d.Remove()
	}
	return path, err
}

// A message into the Maildir of a virtual user. What an address has a part in
// stands in Below: it leads nowhere else.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	box, err := maildir.Open(maildir.Location{Trusted: dir, Below: []string{"example.com", "joe"}}, maildir.Options{Create: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer box.Close()
	path, err := deliver(box, strings.NewReader("Subject: hello\n\nbody\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := os.ReadFile(path)
	fmt.Printf("%s: %d bytes, %v\n", filepath.Base(filepath.Dir(path)), len(text), err)
	// Output: new: 21 bytes, <nil>
}

func ExampleFolderKey() {
	for _, name := range []string{"Lists.golang", "日本語", "../etc"} {
		fmt.Println(maildir.FolderKey(name))
	}
	// Output:
	// .Lists.golang <nil>
	// .&ZeVnLIqe- <nil>
	//  folder "../etc": a name cannot contain / or NUL
}
