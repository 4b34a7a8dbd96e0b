package delivery

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"

	"lastmile/delivery/message"
	"lastmile/maildir"
)

// fingerprint knows a message again that is delivered another time, by the ID that
// the caller gives it, its recipient and its bytes. The bytes count because IDs come
// again: the short queue IDs of Postfix within days, and a message that is taken for
// another would be lost.
//
// From_ lines and the fields that we put above do not count: there are dates in them.
type fingerprint struct {
	hash hash.Hash
	skip int
}

func newFingerprint(env *Envelope, m *message.Message) *fingerprint {
	f := &fingerprint{hash: sha256.New(), skip: m.Above()}
	for _, text := range []string{env.ID, env.Recipient} {
		f.hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text))))
		io.WriteString(f.hash, text)
	}
	return f
}

// Write takes what goes into the mailbox.
func (f *fingerprint) Write(p []byte) (int, error) {
	skip := min(f.skip, len(p))
	f.skip -= skip
	f.hash.Write(p[skip:])
	return len(p), nil
}

func (f *fingerprint) key() (key maildir.Key) {
	f.hash.Sum(key[:0])
	return key
}
