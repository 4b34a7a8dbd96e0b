package lab

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What POP3 gives back is the stored message in its wire form, also where that
// differs from the file: lines of dots, lone CRs, no line end at the end.
func TestDovecotRetrieve(t *testing.T) {
	t.Parallel()
	d := StartDovecot(t)
	messages := [][]byte{
		[]byte("Subject: dots\n\n.\n..\n.x\n"),
		[]byte("Subject: crlf\r\n\r\na\r\nb\n"),
		[]byte("Subject: cr\n\na\rb\n\xff\xe9\n"),
		[]byte("Subject: no end\n\nbody"),
	}
	d.Put(t, messages...)
	got := d.Retrieve(t, d.Box())
	if len(got) != len(messages) || d.Count(t) != len(messages) {
		t.Fatalf("%d retrieved, %d in the box, want %d", len(got), d.Count(t), len(messages))
	}
	for i, msg := range messages {
		if want := Wire(msg); !bytes.Equal(got[i], want) {
			t.Errorf("message %d: got %q, want %q", i, got[i], want)
		}
	}
	if log := d.Log(t); strings.Contains(log, "Error:") || strings.Contains(log, "Warning:") {
		t.Errorf("dovecot log: %s", log)
	}
}

// Each fetcher empties the box into an agent that succeeds, and is silent.
func TestFetchers(t *testing.T) {
	t.Parallel()
	Need(t, "fetchmail", "getmail", "fdm", "mpop")
	msg := Data(t, "samples/isp-top.eml")
	for name, fetch := range map[string]func(f *Fetcher, agent string) Run{
		"fetchmail": func(f *Fetcher, agent string) Run { return f.Fetchmail(t, FetchmailConfig{MDA: agent}) },
		"getmail":   func(f *Fetcher, agent string) Run { return f.Getmail(t, "SimplePOP3Retriever", agent) },
		"multidrop": func(f *Fetcher, agent string) Run { return f.Getmail(t, "MultidropPOP3Retriever", agent) },
		"fdm":       func(f *Fetcher, agent string) Run { return f.Fdm(t, agent) },
		"mpop":      func(f *Fetcher, agent string) Run { return f.Mpop(t, agent) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := StartDovecot(t)
			d.Put(t, msg)
			f := NewFetcher(t, d)
			stored := filepath.Join(f.home, "stored")
			agent := filepath.Join(f.home, "agent")
			if err := os.WriteFile(agent, []byte("#!/bin/sh\nexec cat >>"+stored+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			run := fetch(f, agent)
			got, err := os.ReadFile(stored)
			if err != nil || !bytes.HasSuffix(got, []byte("\n\nHello from the lab.\n")) {
				t.Errorf("stored %q, %v", got, err)
			}
			if run.Exit != 0 || run.Output != "" || d.Count(t) != 0 {
				t.Errorf("got %+v, %d left in the box; want exit 0, no output, an empty box", run, d.Count(t))
			}
		})
	}
}
