package delivery

import "lastmile/delivery/message"

// Destination is where messages go.
type Destination interface {
	// Plan says where a message for the envelope would go, without any effect
	// on the outside. Its errors are those of Deliver that can be foreseen.
	Plan(env *Envelope) (where string, err error)

	// Deliver delivers the message and says where it is. It returns nil only
	// when the message is on stable storage, or was taken by a command that
	// said so, and takes that last step through the gate.
	Deliver(gate *Gate, env *Envelope, m *message.Message) (where string, err error)
}
