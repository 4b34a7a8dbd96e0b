package maildir_test

import (
	"crypto/sha256"
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

// A message that comes again, because a crash kept the caller from learning that it is
// there, is stored once. What makes it the same is the caller's to say: here an ID of
// the caller's queue, and the content.
func ExampleDelivery_Recall() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	box, err := maildir.Open(maildir.Location{Trusted: dir, Below: []string{"Maildir"}}, maildir.Options{Create: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer box.Close()

	const message = "Subject: hello\n\nbody\n"
	deliver := func(id string) (already bool, err error) {
		d, err := box.Create()
		if err != nil {
			return false, err
		}
		defer d.Close()
		if _, err = io.WriteString(d, message); err == nil {
			err = d.Sync()
		}
		if err == nil {
			var once *maildir.Once
			if once, err = d.Recall(sha256.Sum256([]byte(id + "\x00" + message))); err == nil {
				defer once.Close()
				_, already, err = once.Place()
			}
		}
		if err != nil || already {
			d.Remove()
		}
		return already, err
	}
	for _, id := range []string{"4cQxyz12", "4cQxyz12", "4cQxyz99"} {
		fmt.Println(deliver(id))
	}
	// Output:
	// false <nil>
	// true <nil>
	// false <nil>
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
