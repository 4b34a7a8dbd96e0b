package stamp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// keySize is the length of a key in bytes: that of the hash, which RFC 2104
// section 3 recommends.
const keySize = sha256.Size

// Keys are the keys of an installation. The first makes stamps, all of them
// prove stamps, so that a key can be replaced while mail is under way.
type Keys [][]byte

// New returns the text of a key file with one new key.
func New() string {
	key := make([]byte, keySize)
	rand.Read(key) // never fails (crypto/rand)
	return base64.StdEncoding.EncodeToString(key) + "\n"
}

// Load reads a key file: a key in base64 on each line; empty lines and lines
// that begin with "#" are passed over. A file that everybody may read, or that
// others may write, keeps no secret and is refused.
func Load(path string) (Keys, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // not to wait for a FIFO
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); !info.Mode().IsRegular() || mode&0o026 != 0 {
		return nil, fmt.Errorf("key file %s has mode %v: chmod 640 or 600 it", path, info.Mode())
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	var keys Keys
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(key) < keySize {
			return nil, fmt.Errorf("key file %s has a line that is no key: lastmile key makes one", path)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("key file %s has no key: lastmile key makes one", path)
	}
	return keys, nil
}

// Machine derives a key from the identity of the machine (machine-id(5)), at a
// path that is /etc/machine-id. Every local user can do the same; nobody outside
// can.
func Machine(path string) (Keys, error) {
	id, err := os.ReadFile(path)
	if err == nil && len(strings.TrimSpace(string(id))) < 32 {
		err = errors.New(path + " holds no machine id")
	}
	if err != nil {
		return nil, err
	}
	h := hmac.New(sha256.New, []byte(strings.TrimSpace(string(id))))
	h.Write([]byte("lastmile stamp key 1"))
	return Keys{h.Sum(nil)}, nil
}
