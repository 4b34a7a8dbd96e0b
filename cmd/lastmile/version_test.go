package main

import (
	"encoding/json"
	"runtime/debug"
	"testing"
)

// A binary made outside a repository does not say that it is what was committed.
func TestBuildSaysWhatIsKnownOfItsCommit(t *testing.T) {
	t.Parallel()
	commit := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: "b5254c1"}, {Key: "vcs.time", Value: "2026-11-25T17:13:48Z"}, {Key: "vcs.modified", Value: modified}}
	}
	for name, c := range map[string]struct {
		settings []debug.BuildSetting
		want     string
	}{
		"no repository": {nil, ""},
		"as committed":  {commit("false"), `"commit":"b5254c1","time":"2026-11-25T17:13:48Z","modified":false,`},
		"changed":       {commit("true"), `"commit":"b5254c1","time":"2026-11-25T17:13:48Z","modified":true,`},
	} {
		t.Run(name, func(t *testing.T) {
			info := &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "(devel)"}, Settings: c.settings}
			got, err := json.Marshal(newBuild(info))
			if err != nil {
				t.Fatal(err)
			}
			want := `{"schema":1,"version":"(devel)",` + c.want + `"go":"go1.26.8","settings":{},"modules":[]}`
			if string(got) != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}
