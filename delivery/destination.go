package delivery

import "lastmile/delivery/message"

// Destination is where messages go.
type Destination interface {
	// Plan says where a message for the envelope would go, without any effect
	// on the outside. Its errors are those of Deliver that can be foreseen.
	Plan(env *Envelope) (where string, err error)

	// Deliver delivers the message and says where it is. It reads the message
	// to its end (WriteTo, Spool), and only then can know that it is whole: one
	// that could not be read ([message.Message.ReadFailed]) is not delivered.
	//
	// It returns nil only when the message is on stable storage, or was taken
	// by a command that said so, and takes that last step through [Gate.Pass].
	// What is there before is registered with [Gate.OnAbort], to be undone by
	// whoever gives the delivery up.
	//
	// Errors are *[dsn.Error], with the status that the caller gets; a deferral,
	// unless there is a verdict about this message.
	Deliver(gate *Gate, env *Envelope, m *message.Message) (where string, err error)
}
