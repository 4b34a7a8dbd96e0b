package delivery

import (
	"sync"

	"lastmile/delivery/folder"
)

// ErrAborted is returned by a delivery that was given up.
var ErrAborted = folder.ErrAborted

// Gate lets exactly one of two things happen to a delivery: it becomes final,
// or it is given up. The zero value is open.
type Gate struct {
	mu      sync.Mutex
	final   bool
	aborted bool
	undo    func()
}

// OnAbort has undo called when the delivery is given up, by whoever does so,
// while the delivery may still be running. It returns [ErrAborted] if that has
// happened already.
func (g *Gate) OnAbort(undo func()) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.aborted {
		return ErrAborted
	}
	g.undo = undo
	return nil
}

// Pass runs the step that makes the delivery final. While it runs the delivery
// cannot be given up; if it has been, the step is not run.
func (g *Gate) Pass(step func() error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.aborted {
		return ErrAborted
	}
	err := step()
	g.final = err == nil
	return err
}

// Step runs a step that must not be left half done, but does not make the
// delivery final: a copy that an rcfile files on the way. While it runs the
// delivery cannot be given up; if it has been, the step is not run.
func (g *Gate) Step(step func() error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.aborted {
		return ErrAborted
	}
	return step()
}

// Abort gives the delivery up and undoes what can be undone. It reports false
// if the delivery has become final. It waits for a final step under way.
func (g *Gate) Abort() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.final {
		return false
	}
	g.aborted = true
	if g.undo != nil {
		g.undo()
		g.undo = nil
	}
	return true
}
